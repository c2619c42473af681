// What a net reads while it learns: the truth, or what it gave.

import {
  freeRunning,
  inverseSigmoidCurriculum,
  scheduledSampling,
  stepsAhead,
  teacherForcing,
} from "longspan";

/** k of an inverse sigmoid that is 1/2 after half of the steps: k ln k = steps / 2, by Newton's method. */
function halfwayAt(steps) {
  let k = steps / 10;
  for (let i = 0; i < 50; i++) k -= (k * Math.log(k) - steps / 2) / (Math.log(k) + 1);
  return k;
}

/** What is fed back, and whether the gradient goes through it. @param feeds of a kind of points */
const fed = (feeds, gradient) => ({ feed: feeds[gradient], gradient });
const scheduled = (gradient) => (feeds, steps) =>
  scheduledSampling({
    curriculum: inverseSigmoidCurriculum({ k: halfwayAt(steps) }),
    ...fed(feeds, gradient),
  });

/** Regimes by name: in words, and of what is fed back and the steps of a run. */
export const regimes = {
  "teacher-forcing": { words: "teacher forcing", of: () => teacherForcing() },
  scheduled: { words: "scheduled sampling", of: scheduled("stopped") },
  "scheduled-through": { words: "scheduled sampling, gradient through", of: scheduled("through") },
  ahead: {
    words: "10 steps ahead, gradient through",
    of: (feeds) => stepsAhead({ steps: 10, ...fed(feeds, "through") }),
  },
  "free-running": {
    words: "free running, gradient through",
    of: (feeds) => freeRunning(fed(feeds, "through")),
  },
};

/** What is run: all regimes on numbers, teacher forcing and scheduled sampling on symbols. */
export const arms = [
  ...Object.keys(regimes).map((name) => `numbers.${name}`),
  ...["teacher-forcing", "scheduled", "scheduled-through"].map((name) => `levels.${name}`),
];
