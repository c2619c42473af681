import {
  counted,
  figure,
  type JobWords,
  lengthLines,
  linesOf,
  lossFigure,
  type RunLine,
  whole,
} from "../../run-lines.js";
import { lengthsInWords } from "./config.js";
import type { Score, SyntheticFacts, SyntheticStart } from "./events.js";

const words: JobWords<SyntheticFacts> = {
  introduction,
  loss: ({ loss }) => `loss ${lossFigure(loss)}`,
  speed: ({ stepsPerSecond }) => `${figure(stepsPerSecond)} steps/s`,
  // Short as they are; the loss goes last.
  lossTexts: ({ loss }) => [`loss ${lossFigure(loss)}`, `loss ${lossFigure(loss)}`],
  speedTexts: ({ stepsPerSecond }) => [`${figure(stepsPerSecond)} steps/s`, ""],
  valid: (event) => ["fresh", `step ${whole(event.step)}   ${scoreText(event)}`],
  done: ({ steps, ended, stepsPerSecond, fresh, beyond = [] }) => [
    ["done", `${counted(steps, "step")}${endings[ended]}, ${figure(stepsPerSecond)} steps/s`],
    ["fresh", scoreText(fresh)],
    ...lengthLines(beyond, scoreText),
  ],
};

/** The lines of `longspan train synthetic`. */
export const syntheticLines = () => linesOf<SyntheticFacts>(() => words);

const endings = { solved: ", solved", budget: "", early: ", no better for long enough", fitted: "" } as const;

function introduction({
  problem,
  settings,
  baseline,
  parameters,
  executor,
  out,
}: SyntheticStart): readonly RunLine[] {
  const { cell, hidden, layers, steps, minutes } = settings;
  const units = layers === 1 ? `${cell} of ${hidden} units` : `${cell}, ${layers} layers of ${hidden} units`;
  const lengths = lengthsInWords(problem, settings);
  return [
    [
      "task",
      `${problem}${lengths === null ? "" : `, ${lengths}`}; without memory, the loss is ${lossFigure(baseline)}`,
    ],
    ["model", `${units}, ${whole(parameters)} parameters`],
    [
      "run",
      `${out}: at most ${steps === null ? counted(minutes!, "minute") : counted(steps, "step")} on the ${executor} executor`,
    ],
  ];
}

/** A score in words. */
export function scoreText({ loss, wrong, sequences, share, bits }: Score): string {
  const ofBits =
    bits === undefined
      ? ""
      : `, ${figure(bits.cost)} bits per sequence, ${figure(bits.wrong)} of its bits wrong`;
  return `${Number((100 * share).toFixed(2))} % wrong (${whole(wrong)} of ${whole(sequences)}), loss ${Number.isFinite(loss) ? lossFigure(loss) : "not finite"}${ofBits}`;
}
