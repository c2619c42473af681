// What is sorted and what is fenced in: a problem for each arm.

import { convexHullProblem, sortingProblem } from "longspan";

export const arms = {
  "hull-5": convexHullProblem({ points: 5 }),
  "hull-10": convexHullProblem({ points: 10 }),
  "sort-5": sortingProblem({ numbers: 5 }),
  "sort-10": sortingProblem({ numbers: 10 }),
};
