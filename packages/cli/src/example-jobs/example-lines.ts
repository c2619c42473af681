import type { RunEvent } from "../events.js";
import { counted, figure, type JobWords, type Lines, linesOf, lossFigure, whole } from "../run-lines.js";
import type { ExampleFacts, Figures } from "./example-events.js";
import type { AnyExampleKind } from "./example-kind.js";

/** The figures of an evaluation in words: `loss 0.123 nats per text, accuracy 97.3 %`. */
export function figuresInWords({ lossUnit, measures }: Shown, found: Figures): string {
  const loss = Number.isFinite(found.loss)
    ? `loss ${lossFigure(found.loss)} ${lossUnit}`
    : "the loss is not finite";
  const others = measures
    // Some data have no such measure: tags that are no spans have no F1.
    .filter(({ name }) => found[name] !== undefined)
    .map(({ name, words, as }) => `${words} ${measureInWords(found[name], as)}`);
  return [...others, loss].join(", ");
}

/** `97.3 %`, or `1.23`. */
export function measureInWords(value: number | null | undefined, as: "share" | "number"): string {
  if (value === undefined || value === null || !Number.isFinite(value)) return "not known";
  return as === "share" ? `${(100 * value).toFixed(1)} %` : figure(value);
}

type Shown = Pick<AnyExampleKind, "one" | "counted" | "lossUnit" | "measures" | "detailLines">;

/** The lines of a run over examples. */
export function exampleLines(kind: Shown): Lines<RunEvent<ExampleFacts>> {
  const { one, counted: unit = one } = kind;
  const words: JobWords<ExampleFacts> = {
    introduction: ({ path, examples, summary, model, settings, parameters, executor, out }) => [
      [
        "data",
        `${path}: ${counted(examples.train, one)} to learn from, ${examples.valid === 0 ? "none held out" : `${whole(examples.valid)} held out`}${examples.test === undefined ? "" : `, ${whole(examples.test)} to test by`}`,
      ],
      ...summary,
      [
        "model",
        `${model ?? `${settings.cell}, ${counted(settings.layers ?? 1, "layer")} of ${settings.hidden} units`}, ${whole(parameters)} parameters`,
      ],
      [
        "run",
        `${out}: ${model === undefined ? (settings.steps === null ? counted(settings.minutes!, "minute") : counted(settings.steps, "step")) : "one pass"} on the ${executor} executor`,
      ],
    ],
    loss: ({ loss }) => `loss ${lossFigure(loss)}`,
    speed: ({ perSecond }) => `${figure(perSecond)} ${unit}s/s`,
    lossTexts: ({ loss }) => [`loss ${lossFigure(loss)}`, lossFigure(loss)],
    speedTexts: ({ perSecond }) => [`${figure(perSecond)} ${unit}s/s`, `${figure(perSecond)}/s`],
    valid: (event) => [
      "held out",
      `step ${whole(event.step)}   ${figuresInWords(kind, event)}${event.best ? "   best so far" : ""}`,
    ],
    done: ({ steps, ended, seconds, perSecond, train, valid, test, details }) => [
      [
        "done",
        ended === "fitted"
          ? `one pass in ${seconds.toFixed(1)} s, ${figure(perSecond)} ${unit}s/s`
          : train
            ? `${counted(steps, "step")}${ended === "early" ? ", no better for long enough" : ""}, ${figure(perSecond)} ${unit}s/s, training loss ${lossFigure(train.loss)}`
            : `${counted(steps, "step")} before; nothing was left to do`,
      ],
      [
        "held out",
        valid === undefined
          ? `nothing${ended === "fitted" ? "" : ", and the parameters of the last step are kept"}`
          : `${figuresInWords(kind, valid)}${valid.step === steps ? "" : `, the best, of step ${whole(valid.step)}`}`,
      ],
      ...(test ? [["test", `${figuresInWords(kind, test)}; nothing was chosen by it`] as const] : []),
      ...(details && kind.detailLines ? kind.detailLines(details) : []),
    ],
  };
  return linesOf<ExampleFacts>(() => words);
}
