import type { AtLength, MemoryFigures } from "longspan";
import type {
  DoneEvent,
  ExplosionEvent,
  Facts,
  FlowEvent,
  FlowMeasures,
  ProgressEvent,
  ResumedEvent,
  RunEvent,
  StartEvent,
  ValidEvent,
} from "./events.js";
import { nameOf } from "./report/memory/slot-names.js";
import type { SecondOrderMeasures } from "./second-order.js";

/** A line for people: what it is about, and the text. */
export type RunLine = readonly [label: string, text: string];

/** What a run says of its events, in words. */
export interface Lines<E> {
  /** Lines on an event. @param secondsLeft until the end of the run; NaN if nothing is known */
  of(event: E, secondsLeft: number): readonly RunLine[];
  /** A line on a progress event, of at most so many columns: what matters least is shortened first, then left out. */
  live(event: E, secondsLeft: number, columns: number): string;
}

/** What a kind of job says in its own words. */
export interface JobWords<F extends Facts> {
  introduction(event: StartEvent<F>): readonly RunLine[];
  /** The loss of a report, and the speed. */
  loss(event: ProgressEvent<F>): string;
  speed(event: ProgressEvent<F>): string;
  /** The same for a live line: from long to short. */
  lossTexts(event: ProgressEvent<F>): readonly [long: string, short: string];
  speedTexts(event: ProgressEvent<F>): readonly [long: string, short: string];
  valid(event: ValidEvent<F>): RunLine;
  done(event: DoneEvent<F>): readonly RunLine[];
}

/** A line for each length that was looked at: those that training had, and the others. */
export function lengthLines<F>(
  found: readonly AtLength<F>[],
  text: (at: AtLength<F>) => string,
): readonly RunLine[] {
  return found.map((at) => ["length", `${whole(at.length)}, ${seenInWords(at)}   ${text(at)}`]);
}

/** Whether training had sequences of a length. */
export function seenInWords({ seen }: { readonly seen: boolean }): string {
  return seen ? "seen in training" : "not seen in training";
}

/** The lines of a run. @param wordsOf the job's words, from the first event on; null before it */
export function linesOf<F extends Facts>(
  wordsOf: (start: StartEvent<F> | null) => JobWords<F>,
): Lines<RunEvent<F>> {
  let words = wordsOf(null);
  return {
    of(event: RunEvent<F>, left) {
      switch (event.event) {
        case "start":
          words = wordsOf(event);
          return words.introduction(event);
        case "resumed":
          return [resumedLine(event)];
        case "progress":
          return [["step", progressLine(words, event, left)]];
        case "valid":
          return [words.valid(event)];
        case "explosion":
          return [explosionLine(event)];
        case "flow":
          return flowLines(event);
        case "done":
          return words.done(event);
        default:
          return [];
      }
    },
    live: (event, left, columns) => (event.event === "progress" ? liveLine(words, event, left, columns) : ""),
  };
}

/** A run goes on. */
function resumedLine({ step, seconds }: ResumedEvent): RunLine {
  return ["resumed", `after ${counted(step, "step")} and ${duration(seconds)} of training`];
}

/** What has become much worse in the flow of gradients, and where the heads of memories look. */
function flowLines({ step, warnings, layers }: FlowEvent): RunLine[] {
  return [
    ...warnings.map((warning): RunLine => ["warning", `step ${whole(step)}: ${warning}`]),
    ...layers.flatMap(({ memory }, k): RunLine[] =>
      memory ? [["memory", `step ${whole(step)}: layer ${k + 1}: ${memoryInWords(memory)}`]] : [],
    ),
  ];
}

/** `read weights over 1.2 rows, write weights over 5.1; 31 % of the gradient is that of the contents` */
function memoryInWords({ spread, share }: MemoryFigures): string {
  const rows = Object.entries(spread).map(([slot, n]) => `${nameOf(slot)} over ${n.toFixed(1)} rows`);
  return `${rows.join(", ")}${rows.length > 0 ? "; " : ""}${Math.round(100 * share)} % of the gradient is that of the contents`;
}

/** A gradient exploded. */
function explosionLine({ step, norm, action, batch }: ExplosionEvent): RunLine {
  return [
    action === "skip" ? "skipped" : "random",
    `step ${whole(step)}${batch === null ? "" : ` (${batch})`}: the gradient exploded, norm ${figure(norm)}`,
  ];
}

function progressLine<F extends Facts>(words: JobWords<F>, event: ProgressEvent<F>, left: number): string {
  const { step, fraction, flow, secondOrder } = event;
  return [
    whole(step).padStart(7),
    `${Math.floor(100 * fraction)} %`.padStart(5),
    words.loss(event),
    words.speed(event),
    ...(flow ? [flowInWords(flow)] : []),
    ...(secondOrder ? [secondOrderInWords(secondOrder)] : []),
    ...leftInWords(left),
  ].join("   ");
}

function liveLine<F extends Facts>(
  words: JobWords<F>,
  event: ProgressEvent<F>,
  left: number,
  columns: number,
): string {
  const { step, gradientNorm, fraction, flow, secondOrder } = event;
  const norm = figure(gradientNorm);
  const fields: Record<string, readonly string[]> = {
    step: [`step ${whole(step)}`],
    share: [`${Math.floor(100 * fraction)} %`, ""],
    loss: [...words.lossTexts(event), ""],
    speed: [...words.speedTexts(event), ""],
    gradient: [`gradient norm ${norm}`, `|g| ${norm}`, ""],
    solver: secondOrder ? [secondOrderInWords(secondOrder), ""] : [""],
    flow: flow ? [flowInWords(flow), `flow ${figure(flow.ratio)}`, ""] : [""],
    left: [...leftInWords(left), ""],
  };
  return fitted(
    fields,
    ["solver", "flow", "gradient", "speed", "share", "gradient", "speed", "flow", "loss", "left", "loss"],
    columns,
  );
}

/**
 * Fields in one line of at most so many columns.
 * @param fields the forms of each, longest first; an empty one leaves it out
 * @param order in which they are shortened, a form at a time
 */
function fitted(
  fields: Readonly<Record<string, readonly string[]>>,
  order: readonly string[],
  columns: number,
): string {
  const shortened: Record<string, number> = {};
  const line = () =>
    Object.entries(fields)
      .map(([name, texts]) => texts[shortened[name] ?? 0] ?? "")
      .filter((text) => text !== "")
      .join("  ");
  for (const name of order) {
    if (line().length <= columns) break;
    shortened[name] = (shortened[name] ?? 0) + 1;
  }
  // All of it is ASCII: as many columns as characters.
  return line().slice(0, Math.max(0, columns));
}

/** `flow ratio 0.982, omega 1.23`, and the terms that were skipped if there are any. */
function flowInWords({ omega, ratio, skipped }: FlowMeasures): string {
  const left = skipped > 0 ? `, ${figure(skipped)} skipped` : "";
  return `flow ratio ${figure(ratio)}, omega ${figure(omega)}${left}`;
}

/** `damping 0.132, 45 cg steps` */
function secondOrderInWords({ damping, cgSteps }: SecondOrderMeasures): string {
  return `damping ${figure(damping)}, ${figure(cgSteps)} cg steps`;
}

/** How long a run will go on, if that is known. */
function leftInWords(seconds: number): string[] {
  return Number.isFinite(seconds) ? [`${duration(seconds)} left`] : [];
}

/** `1 layer`, `2 layers` */
export function counted(n: number, what: string): string {
  return `${n.toLocaleString("en-US")} ${what}${n === 1 ? "" : "s"}`;
}

/** `1,234` */
export function whole(n: number): string {
  return Math.round(n).toLocaleString("en-US");
}

/** Three decimals, unless the number is beyond what a loss should be. */
export function lossFigure(n: number): string {
  return Math.abs(n) < 1000 ? n.toFixed(3) : Number(n.toPrecision(3)).toExponential().replace("+", "");
}

/** Three digits: `0.123`, `12.3`, `12,345`, `1.2e9`. */
export function figure(n: number): string {
  if (!Number.isFinite(n)) return String(n);
  if (Math.abs(n) >= 1e6) return Number(n.toPrecision(3)).toExponential().replace("+", "");
  return Math.abs(n) >= 100 ? whole(n) : String(Number(n.toPrecision(3)));
}

function duration(seconds: number): string {
  if (seconds < 90) return `${Math.round(seconds)} s`;
  return seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}
