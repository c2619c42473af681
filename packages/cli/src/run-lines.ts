import { natsToBits, perplexity } from "longspan";
import type {
  DoneEvent,
  ExplosionEvent,
  FlowEvent,
  FlowMeasures,
  HeldOut,
  Level,
  ProgressEvent,
  ResumedEvent,
  StartEvent,
  TrainEvent,
  ValidEvent,
} from "./events.js";
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

/** The lines of `longspan train text`: the first event says what is counted. */
export function textLines(): Lines<TrainEvent> {
  let words = runLines("char");
  return {
    of(event, left) {
      switch (event.event) {
        case "start":
          words = runLines(event.level);
          return words.introduction(event);
        case "resumed":
          return [resumedLine(event)];
        case "progress":
          return [words.progress(event, left)];
        case "valid":
          return [words.valid(event)];
        case "explosion":
          return [explosionLine(event)];
        case "flow":
          return flowWarnings(event);
        case "done":
          return words.done(event);
        default:
          return [];
      }
    },
    live: (event, left, columns) => (event.event === "progress" ? words.live(event, left, columns) : ""),
  };
}

/** A run goes on. */
export function resumedLine({ step, seconds }: ResumedEvent): RunLine {
  return ["resumed", `after ${counted(step, "step")} and ${duration(seconds)} of training`];
}

/** What has become much worse in the flow of gradients. */
export function flowWarnings({ step, warnings }: FlowEvent): RunLine[] {
  return warnings.map((warning) => ["warning", `step ${whole(step)}: ${warning}`]);
}

/** A gradient exploded. */
export function explosionLine({ step, norm, action, batch }: ExplosionEvent): RunLine {
  return [
    action === "skip" ? "skipped" : "random",
    `step ${whole(step)}${batch === null ? "" : ` (${batch})`}: the gradient exploded, norm ${figure(norm)}`,
  ];
}

/** What is said of the events of a text's run. */
interface RunLines {
  introduction(event: StartEvent): readonly RunLine[];
  progress(event: ProgressEvent, secondsLeft: number): RunLine;
  live(event: ProgressEvent, secondsLeft: number, columns: number): string;
  valid(event: ValidEvent): RunLine;
  done(event: DoneEvent): readonly RunLine[];
}

function runLines(level: Level): RunLines {
  const unit = level === "word" ? "word" : "character";
  const loss = ({ nats }: HeldOut) => {
    if (!Number.isFinite(nats)) return "the loss is not finite";
    return level === "word"
      ? `${lossFigure(nats)} nats per word (perplexity ${figure(perplexity(nats))})`
      : `${lossFigure(nats)} nats per character (${lossFigure(natsToBits(nats))} bits)`;
  };
  return {
    introduction: ({ path, characters, model, settings, parameters, executor, out }) => [
      [
        "text",
        `${path}: ${whole(characters.total)} ${unit}s, ${whole(characters.different)} different${unknownShare(characters)}; ${characters.valid === 0 ? "nothing is held out" : `the last ${whole(characters.valid)} are held out`}`,
      ],
      [
        "model",
        `${model.cell}, ${counted(model.layers, "layer")} of ${model.hidden} units, ${whole(parameters)} parameters`,
      ],
      [
        "run",
        `${out}: ${settings.steps === null ? counted(settings.minutes!, "minute") : counted(settings.steps, "step")} on the ${executor} executor`,
      ],
    ],
    progress: ({ step, fraction, nats, charactersPerSecond, flow, secondOrder }, left) => [
      "step",
      [
        whole(step).padStart(7),
        `${Math.floor(100 * fraction)} %`.padStart(5),
        `${lossFigure(nats)} nats per ${unit}`,
        `${whole(charactersPerSecond)} ${unit}s/s`,
        ...(flow ? [flowInWords(flow)] : []),
        ...(secondOrder ? [secondOrderInWords(secondOrder)] : []),
        ...leftInWords(left),
      ].join("   "),
    ],
    live: (event, left, columns) => liveLine(event, level, left, columns),
    valid: (event) => [
      "held out",
      `step ${whole(event.step)}   ${loss(event)}${event.best ? "   best so far" : ""}`,
    ],
    done: ({ steps, ended, charactersPerSecond, train, valid }) => [
      [
        "done",
        train
          ? `${counted(steps, "step")}${ended === "early" ? ", no better for long enough" : ""}, ${whole(charactersPerSecond)} ${unit}s/s, training loss ${lossFigure(train.nats)} nats per ${unit}`
          : `${counted(steps, "step")} before; nothing was left to do`,
      ],
      [
        "held out",
        valid === undefined
          ? "nothing, and the parameters of the last step are kept"
          : !Number.isFinite(valid.nats)
            ? "no validation had a finite loss, and the parameters of the last step are kept; lower --lr or --clip"
            : valid.step === steps
              ? loss(valid)
              : `${loss(valid)}, the best, of step ${whole(valid.step)}`,
      ],
    ],
  };
}

function liveLine(event: ProgressEvent, level: Level, left: number, columns: number): string {
  const { step, nats, charactersPerSecond, gradientNorm, fraction, flow, secondOrder } = event;
  const [loss, other] = [
    `${lossFigure(nats)} nats`,
    level === "word" ? `perplexity ${figure(perplexity(nats))}` : `${lossFigure(natsToBits(nats))} bits`,
  ];
  const [speed, norm] = [whole(charactersPerSecond), figure(gradientNorm)];
  const fields: Record<string, readonly string[]> = {
    step: [`step ${whole(step)}`],
    share: [`${Math.floor(100 * fraction)} %`, ""],
    loss: [`${loss}, ${other}`, loss, ""],
    speed: [`${speed} ${level === "word" ? "words" : "characters"}/s`, `${speed}/s`, ""],
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
export function fitted(
  fields: Readonly<Record<string, readonly string[]>>,
  order: readonly string[],
  columns: number,
): string {
  const shortened: Record<string, number> = {};
  const line = () =>
    Object.entries(fields)
      .map(([name, forms]) => forms[shortened[name] ?? 0] ?? "")
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
export function flowInWords({ omega, ratio, skipped }: FlowMeasures): string {
  const left = skipped > 0 ? `, ${figure(skipped)} skipped` : "";
  return `flow ratio ${figure(ratio)}, omega ${figure(omega)}${left}`;
}

/** `damping 0.132, 45 cg steps` */
export function secondOrderInWords({ damping, cgSteps }: SecondOrderMeasures): string {
  return `damping ${figure(damping)}, ${figure(cgSteps)} cg steps`;
}

function unknownShare({ total, unknown }: StartEvent["characters"]): string {
  return unknown === undefined ? "" : `, ${((100 * unknown) / total).toFixed(1)} % of them unknown`;
}

/** How long a run will go on, if that is known. */
export function leftInWords(seconds: number): string[] {
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
