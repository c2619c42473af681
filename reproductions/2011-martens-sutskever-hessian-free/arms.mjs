// What is compared: the tasks and the optimisers, by name. All begin with the same weights.
import { adding, multiplication } from "longspan";

export const tasks = { adding, multiplication };

export const arms = {
  "hessian-free": { batch: 1000, curvature: 200, damping: 1, structural: 0.03, maxSteps: 300 },
  sgd: { batch: 20, rate: 0.01, clip: 1 },
};
