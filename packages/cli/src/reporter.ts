import { natsToBits } from "longspan";
import colours from "picocolors";
import type { HeldOut, ProgressEvent, StartEvent, TrainEvent } from "./events.js";

/** Tells the user what happens in a run. */
export interface Reporter {
  tell(event: TrainEvent): void;
  close(): void;
}

/** One JSON object per event. */
export function jsonReporter(out: NodeJS.WritableStream): Reporter {
  return { tell: (event) => void out.write(`${JSON.stringify(event)}\n`), close() {} };
}

/** Least time between progress lines, in milliseconds. */
const quiet = 5000;

/** Lines for people; colours only in a terminal. */
export function terminalReporter(
  out: NodeJS.WriteStream,
  budget: { steps?: number; minutes?: number },
): Reporter {
  const { bold, dim } = colours.createColors(out.isTTY === true && colours.isColorSupported);
  const line = (label: string, text: string) => out.write(`${dim(label.padEnd(9))} ${text}\n`);
  const begin = performance.now();
  let last = begin;
  const progress = (event: ProgressEvent) => {
    const now = performance.now();
    if (now - last < quiet) return;
    last = now;
    const left = ((now - begin) / event.fraction) * (1 - event.fraction);
    line(
      "step",
      [
        whole(event.step).padStart(7),
        `${Math.floor(100 * event.fraction)} %`.padStart(5),
        `${event.nats.toFixed(3)} nats per character`,
        `${whole(event.charactersPerSecond)} characters/s`,
        `${duration(left / 1000)} left`,
      ].join("   "),
    );
  };
  return {
    close() {},
    tell(event) {
      switch (event.event) {
        case "start":
          for (const [label, text] of introduction(event, budget)) line(label, text);
          break;
        case "progress":
          progress(event);
          break;
        case "valid":
          line("valid", `${whole(event.step).padStart(7)}   held-out text: ${bold(figures(event))}`);
          break;
        case "stopped":
        case "resumed":
        case "sample":
          break;
        case "done":
          line(
            "done",
            `${whole(event.steps)} steps, ${whole(event.charactersPerSecond)} characters/s, training loss ${event.train.nats.toFixed(3)} nats per character`,
          );
          line("valid", `held-out text: ${bold(figures(event.valid))}`);
      }
    },
  };
}

function introduction(
  { path, characters, model, parameters, executor, out }: StartEvent,
  { steps, minutes }: { steps?: number; minutes?: number },
): [label: string, text: string][] {
  const layers = counted(model.layers, "layer");
  const length = steps === undefined ? counted(minutes!, "minute") : counted(steps, "step");
  return [
    [
      "text",
      `${path}: ${whole(characters.total)} characters, ${characters.different} different; the last ${whole(characters.valid)} are held out`,
    ],
    ["model", `${model.cell}, ${layers} of ${model.hidden} units, ${whole(parameters)} parameters`],
    ["run", `${out}: ${length} on the ${executor} executor`],
  ];
}

function figures({ nats }: HeldOut): string {
  return `${nats.toFixed(3)} nats per character (${natsToBits(nats).toFixed(3)} bits)`;
}

function counted(n: number, what: string): string {
  return `${n.toLocaleString("en-US")} ${what}${n === 1 ? "" : "s"}`;
}

/** `1,234` */
export function whole(n: number): string {
  return Math.round(n).toLocaleString("en-US");
}

function duration(seconds: number): string {
  if (seconds < 90) return `${Math.ceil(seconds)} s`;
  return seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}
