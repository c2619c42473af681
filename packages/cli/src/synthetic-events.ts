import type { ExplosionEvent, FlowEvent, FlowMeasures, ResumedEvent, StoppedEvent } from "./events.js";
import type { StepFigures } from "./run-events.js";
import {
  counted,
  explosionLine,
  figure,
  fitted,
  flowInWords,
  flowWarnings,
  type Lines,
  leftInWords,
  lossFigure,
  type RunLine,
  resumedLine,
  secondOrderInWords,
  whole,
} from "./run-lines.js";
import type { SyntheticRunConfig } from "./synthetic-run.js";

/** What happens in a run on a synthetic problem, as `--json` prints it and metrics.jsonl keeps it. */
export type SyntheticEvent =
  | SyntheticStartEvent
  | ResumedEvent
  | SyntheticProgressEvent
  | ExplosionEvent
  | SyntheticValidEvent
  | FlowEvent
  | StoppedEvent
  | SyntheticDoneEvent;

/** Before the first step. */
export interface SyntheticStartEvent {
  readonly event: "start";
  readonly problem: SyntheticRunConfig["problem"];
  readonly settings: SyntheticRunConfig["settings"];
  /** The mean loss of who remembers nothing. */
  readonly baseline: number;
  readonly parameters: number;
  readonly executor: string;
  readonly out: string;
}

/** Now and then. */
export interface SyntheticProgressEvent extends StepFigures {
  readonly event: "progress";
  /** Mean training loss since the last such event: nats, or squared error. */
  readonly loss: number;
  readonly stepsPerSecond: number;
  /** Means of the flow penalty since the last such event, with --flow. */
  readonly flow?: FlowMeasures;
}

/** What fresh sequences show. */
export interface Judgement {
  readonly loss: number;
  readonly wrong: number;
  readonly sequences: number;
  /** wrong / sequences */
  readonly share: number;
}

/** After a look at fresh sequences: at 1,000, or, if these are right, at 10,000. */
export interface SyntheticValidEvent extends Judgement {
  readonly event: "valid";
  readonly step: number;
  readonly seconds: number;
}

/** The end of a run. */
export interface SyntheticDoneEvent {
  readonly event: "done";
  readonly steps: number;
  readonly seconds: number;
  /** Whether few enough sequences were wrong (--until), the budget was used up, or looks did not improve (--early-stop). */
  readonly ended: "solved" | "budget" | "early";
  /** Of the last parameters, on 10,000 sequences. */
  readonly fresh: Judgement;
  /** Over the whole run; looks and saving are not counted. */
  readonly stepsPerSecond: number;
  readonly parameters: number;
  readonly executor: string;
}

/** The lines of `longspan train synthetic`. */
export const syntheticLines: Lines<SyntheticEvent> = {
  of(event, left) {
    switch (event.event) {
      case "start":
        return introduction(event);
      case "resumed":
        return [resumedLine(event)];
      case "progress":
        return [["step", progressLine(event, left)]];
      case "valid":
        return [["fresh", `step ${whole(event.step)}   ${judgement(event)}`]];
      case "explosion":
        return [explosionLine(event)];
      case "flow":
        return flowWarnings(event);
      case "done":
        return [
          [
            "done",
            `${counted(event.steps, "step")}${endings[event.ended]}, ${figure(event.stepsPerSecond)} steps/s`,
          ],
          ["fresh", judgement(event.fresh)],
        ];
      default:
        return [];
    }
  },
  live(event, left, columns) {
    if (event.event !== "progress") return "";
    const norm = figure(event.gradientNorm);
    const fields = {
      step: [`step ${whole(event.step)}`],
      share: [`${Math.floor(100 * event.fraction)} %`, ""],
      loss: [`loss ${lossFigure(event.loss)}`, ""],
      speed: [`${figure(event.stepsPerSecond)} steps/s`, ""],
      gradient: [`gradient norm ${norm}`, `|g| ${norm}`, ""],
      solver: event.secondOrder ? [secondOrderInWords(event.secondOrder), ""] : [""],
      flow: event.flow ? [flowInWords(event.flow), `flow ${figure(event.flow.ratio)}`, ""] : [""],
      left: [...leftInWords(left), ""],
    };
    return fitted(
      fields,
      ["solver", "flow", "gradient", "speed", "share", "gradient", "flow", "left", "loss"],
      columns,
    );
  },
};

const endings = { solved: ", solved", budget: "", early: ", no better for long enough" } as const;

function introduction({
  problem,
  settings,
  baseline,
  parameters,
  executor,
  out,
}: SyntheticStartEvent): readonly RunLine[] {
  const { cell, hidden, layers, length, lengths, steps, minutes } = settings;
  const units = layers === 1 ? `${cell} of ${hidden} units` : `${cell}, ${layers} layers of ${hidden} units`;
  const ofLength = problem === "embedded-reber" ? "" : `, length ${length ?? lengths}`;
  return [
    ["task", `${problem}${ofLength}; without memory, the loss is ${lossFigure(baseline)}`],
    ["model", `${units}, ${whole(parameters)} parameters`],
    [
      "run",
      `${out}: at most ${steps === null ? counted(minutes!, "minute") : counted(steps, "step")} on the ${executor} executor`,
    ],
  ];
}

function progressLine(
  { step, fraction, loss, stepsPerSecond, flow, secondOrder }: SyntheticProgressEvent,
  left: number,
): string {
  return [
    whole(step).padStart(7),
    `${Math.floor(100 * fraction)} %`.padStart(5),
    `loss ${lossFigure(loss)}`,
    `${figure(stepsPerSecond)} steps/s`,
    ...(flow ? [flowInWords(flow)] : []),
    ...(secondOrder ? [secondOrderInWords(secondOrder)] : []),
    ...leftInWords(left),
  ].join("   ");
}

function judgement({ loss, wrong, sequences, share }: Judgement): string {
  return `${Number((100 * share).toFixed(2))} % wrong (${whole(wrong)} of ${whole(sequences)}), loss ${Number.isFinite(loss) ? lossFigure(loss) : "not finite"}`;
}
