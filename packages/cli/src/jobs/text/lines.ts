import { natsToBits, perplexity } from "longspan";
import { counted, figure, type JobWords, lengthLines, linesOf, lossFigure, whole } from "../../run-lines.js";
import type { HeldOut, Level, TextFacts, TextStart } from "./events.js";
import { toldInBits, type Unit, unitOf } from "./levels.js";

/** The lines of `longspan train text`: the first event says what is counted. */
export const textLines = () => linesOf<TextFacts>((start) => textWords(start?.level ?? "char"));

function textWords(level: Level): JobWords<TextFacts> {
  const unit = unitOf[level];
  const heldOut = (found: HeldOut) => heldOutInWords(found, unit);
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
    loss: ({ nats }) => `${lossFigure(nats)} nats per ${unit}`,
    speed: ({ charactersPerSecond }) => `${whole(charactersPerSecond)} ${unit}s/s`,
    lossTexts({ nats }) {
      const other = toldInBits(unit)
        ? `${lossFigure(natsToBits(nats))} bits`
        : `perplexity ${figure(perplexity(nats))}`;
      return [`${lossFigure(nats)} nats, ${other}`, `${lossFigure(nats)} nats`];
    },
    speedTexts: ({ charactersPerSecond }) => [
      `${whole(charactersPerSecond)} ${unit}s/s`,
      `${whole(charactersPerSecond)}/s`,
    ],
    valid: (event) => [
      "held out",
      `step ${whole(event.step)}   ${heldOut(event)}${event.best ? "   best so far" : ""}`,
    ],
    done: ({ steps, ended, charactersPerSecond, train, valid, beyond = [] }) => [
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
              ? heldOut(valid)
              : `${heldOut(valid)}, the best, of step ${whole(valid.step)}`,
      ],
      ...lengthLines(beyond, heldOut),
    ],
  };
}

/** A loss on text that was not trained on, in words. */
export function heldOutInWords({ nats }: HeldOut, unit: Unit): string {
  if (!Number.isFinite(nats)) return "the loss is not finite";
  return toldInBits(unit)
    ? `${lossFigure(nats)} nats per ${unit} (${lossFigure(natsToBits(nats))} bits)`
    : `${lossFigure(nats)} nats per ${unit} (perplexity ${figure(perplexity(nats))})`;
}

function unknownShare({ total, unknown }: TextStart["characters"]): string {
  return unknown === undefined ? "" : `, ${((100 * unknown) / total).toFixed(1)} % of them unknown`;
}
