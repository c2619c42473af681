/**
 * Estimates how long a run will go on, in seconds of the clock, from what its budget has used up since this process began
 * with it: time before an interruption does not count. NaN as long as nothing is known.
 */
export class TimeLeft {
  #begin: { readonly time: number; readonly fraction: number } | null = null;

  constructor(private readonly now: () => number) {}

  /** To be called with every event. */
  after(event: { readonly event: string; readonly fraction?: number }): number {
    const time = this.now() / 1000;
    if (event.event === "start") this.#begin = { time, fraction: 0 };
    if (event.event === "resumed") this.#begin = null;
    const { fraction } = event;
    if (event.event !== "progress" || fraction === undefined) return Number.NaN;
    this.#begin ??= { time, fraction };
    const done = fraction - this.#begin.fraction;
    return done > 0 ? ((time - this.#begin.time) / done) * (1 - fraction) : Number.NaN;
  }
}
