// The tasks by name: what makes a run of each, how many seeds, and what is said of it.

import { capacityTask, narmaTask } from "./driven.mjs";
import { laserTask } from "./laser.mjs";
import { lorenzTask } from "./lorenz.mjs";
import { mackeyGlassTask } from "./mackey-glass.mjs";
import { vowelsTask } from "./vowels.mjs";

export const tasks = {
  "mackey-glass-400": { make: () => mackeyGlassTask({ units: 400, points: 3000, noise: 1e-8 }), seeds: 11 },
  "mackey-glass-1000": {
    make: () => mackeyGlassTask({ units: 1000, points: 21000, noise: 1e-10 }),
    seeds: 5,
  },
  narma10: { make: () => narmaTask({ units: 100 }), seeds: 11 },
  "memory-orthogonal": { make: () => capacityTask({ wiring: "orthogonal", activation: "linear" }), seeds: 5 },
  "memory-ring": { make: () => capacityTask({ wiring: "ring", activation: "linear" }), seeds: 5 },
  "memory-dense": {
    make: () => capacityTask({ wiring: "sparse", nonZeros: 100, activation: "linear" }),
    seeds: 5,
  },
  "memory-tanh": { make: () => capacityTask({ wiring: "sparse", activation: "tanh" }), seeds: 5 },
  laser: { make: (data) => laserTask({ units: 500, data }), seeds: 5, needsData: true },
  vowels: { make: (data) => vowelsTask({ units: 500, data }), seeds: 5, needsData: true },
  lorenz: { make: () => lorenzTask({ units: 300 }), seeds: 5 },
};
