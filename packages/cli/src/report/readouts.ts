import { figureOf, type Measures } from "../events.js";
import { speeds } from "./charts.js";
import type { RunHistory } from "./run-history.js";
import { figure, lossFigure } from "./scale.js";
import { columnOf } from "./thin.js";

/** What the page shows where the pointer is: for each place, a text per chart. */
export interface Readouts {
  /** Places along the step axis, in per cent. */
  readonly at: readonly number[];
  readonly when: readonly string[];
  readonly texts: Readonly<Record<string, readonly string[]>>;
}

/** Places to read values at; a longer run has ranges of values rather than values. */
const positions = 500;

/** The texts of a run, by the ids of its charts. */
export function readoutsOf(
  { progress, validations }: RunHistory,
  lastStep: number,
  measures: Measures,
): Readouts {
  const speed = speeds(progress, measures);
  const groups: number[][] = [];
  let last = -1;
  for (const [i, { step }] of progress.entries()) {
    const column = columnOf(step, lastStep, positions);
    if (column !== last) groups.push([]);
    groups.at(-1)!.push(i);
    last = column;
  }
  const range = (group: readonly number[], read: (i: number) => number, format = figure) =>
    rangeOf(
      group.map((i) => read(i) ?? Number.NaN),
      format,
    );
  let latest = 0;
  return {
    at: groups.map((g) => Math.round((10_000 * progress[g.at(-1)!]!.step) / (lastStep || 1)) / 100),
    when: groups.map((g) => {
      const [first, final] = [progress[g[0]!]!, progress[g.at(-1)!]!];
      const steps =
        first === final
          ? `step ${whole(final.step)}`
          : `steps ${whole(first.step)}\u2013${whole(final.step)}`;
      return Number.isFinite(final.seconds) ? `${steps}, ${duration(final.seconds)}` : steps;
    }),
    texts: {
      loss: groups.map((g) => {
        while (validations[latest] && validations[latest]!.step <= progress[g.at(-1)!]!.step) latest += 1;
        const validation = validations[latest - 1];
        const training = `training ${range(g, (i) => figureOf(progress[i]!, measures.loss), lossFigure)}`;
        return validation
          ? `${training}, ${measures.heldOut} ${lossFigure(figureOf(validation, measures.loss))}`
          : training;
      }),
      gradient: groups.map((g) => {
        const [before, after] = [
          range(g, (i) => progress[i]!.gradientNorm),
          range(g, (i) => progress[i]!.clippedNorm),
        ];
        return before === after ? before : `${before}, clipped ${after}`;
      }),
      ...(progress.some((e) => e.flow)
        ? {
            flow: groups.map(
              (g) =>
                `ratio ${range(g, (i) => progress[i]!.flow?.ratio ?? Number.NaN)}, Omega ${range(g, (i) => progress[i]!.flow?.omega ?? Number.NaN)}, skipped ${range(g, (i) => progress[i]!.flow?.skipped ?? Number.NaN)}`,
            ),
          }
        : {}),
      rate: groups.map((g) => range(g, (i) => progress[i]!.learningRate)),
      speed: groups.map((g) => range(g, (i) => speed[i]!.value)),
    },
  };
}

function rangeOf(values: readonly number[], format: (value: number) => string): string {
  const finite = values.filter(Number.isFinite);
  if (finite.length === 0) return "not finite";
  const [low, high] = [format(Math.min(...finite)), format(Math.max(...finite))];
  const range = low === high ? low : `${low}\u2013${high}`;
  return finite.length === values.length ? range : `${range} and not finite`;
}

/** `1,234` */
export function whole(n: number): string {
  return Math.round(n).toLocaleString("en-US");
}

/** `45 s`, `2 min 5 s`, `3 h 20 min` */
export function duration(seconds: number): string {
  if (seconds < 9.95) return `${Number(seconds.toPrecision(2))} s`;
  const s = Math.round(seconds);
  if (s < 60) return `${s} s`;
  if (s < 3600) return s % 60 === 0 ? `${s / 60} min` : `${Math.floor(s / 60)} min ${s % 60} s`;
  const minutes = Math.round(s / 60);
  return minutes % 60 === 0 ? `${minutes / 60} h` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
