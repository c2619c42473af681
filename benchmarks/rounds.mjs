// Interleaved rounds: in each, every side runs once; every other round goes the other way round.

import { setTimeout } from "node:timers/promises";
import { median } from "./timing.mjs";

/** How long a side runs in one round, in milliseconds, and how often at most. */
const share = { milliseconds: 60, repetitions: 20 };
/** Worker threads of the side before spin for a while: it is waited for. */
const settle = 10;

/**
 * @param subjects what `prepare` gave, by side
 * @returns by side, one time in milliseconds per round: the median of the round's runs
 */
export async function interleaved(subjects, rounds) {
  const plan = [];
  for (const subject of subjects) {
    const start = performance.now();
    await subject.time(1);
    // A time may be that of a part of a run: what counts here is how long a run takes. One of two does not count.
    const first = (performance.now() - start) / 2;
    plan.push(Math.min(share.repetitions, Math.max(1, Math.ceil(share.milliseconds / first))));
  }
  const times = subjects.map(() => []);
  for (let round = 0; round < rounds; round++) {
    const order = [...subjects.keys()];
    if (round % 2 === 1) order.reverse();
    for (const i of order) {
      await setTimeout(settle);
      times[i].push(median(await subjects[i].time(plan[i])));
    }
  }
  return times;
}

/** GF/s of large products on every side that has them, the best of two sizes. */
export async function peaks(sides) {
  const best = new Map();
  for (const n of [1024, 2048])
    for (const side of sides) {
      if (!side.gemm) continue;
      await setTimeout(settle);
      const speed = (2 * n ** 3) / Math.min(...(await side.gemm(n))) / 1e6;
      best.set(side.threads, Math.max(best.get(side.threads) ?? 0, speed));
    }
  return best;
}
