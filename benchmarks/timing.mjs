// Clocks and what is made of their readings.

/** Milliseconds of each of some runs, after one that does not count: it brings code, data and clock rate back. */
export function timed(run, repetitions) {
  const times = [];
  for (let i = 0; i <= repetitions; i++) {
    const start = performance.now();
    run();
    if (i > 0) times.push(performance.now() - start);
  }
  return times;
}

/** The same for what is awaited. */
export async function timedAsync(run, repetitions) {
  const times = [];
  for (let i = 0; i <= repetitions; i++) {
    const start = performance.now();
    await run();
    if (i > 0) times.push(performance.now() - start);
  }
  return times;
}

/** Milliseconds of processor time that a run takes, by all threads of the process. */
export function processorTime(run) {
  const before = process.cpuUsage();
  run();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

export function quantile(list, q) {
  const sorted = [...list].sort((a, b) => a - b);
  const at = q * (sorted.length - 1);
  const [low, high] = [sorted[Math.floor(at)], sorted[Math.ceil(at)]];
  return low + (high - low) * (at - Math.floor(at));
}

export const median = (list) => quantile(list, 0.5);

export const geometricMean = (list) => Math.exp(list.reduce((sum, x) => sum + Math.log(x), 0) / list.length);
