import { refuse } from "./decode-model.js";
import type { Declared, Graph } from "./graph.js";

/** What the names in a file mean. */
export interface FromOnnxOptions {
  /** The input that holds the steps; the first one that is no state and not `lengths` by default. */
  readonly x?: string;
  /** The output that holds the answers; the first one that is no state by default. */
  readonly y?: string;
  /** The input that holds the lengths of sequences; `lengths` by default, where there is one. */
  readonly lengths?: string;
  /** Per input that is a state, the output that is its next value; `initial.NAME` and `final.NAME` by default. */
  readonly states?: Readonly<Record<string, string>>;
  /** Which axes of steps come first, in x, y and further inputs; "time" by default, as [time, batch, ...]. */
  readonly first?: "time" | "batch";
}

/** A state: what goes in, and what comes out as its next value. */
export interface StatePort {
  /** What the layer calls it. */
  readonly name: string;
  readonly input: Declared;
  readonly output: string;
  /** Which axis counts the sequences. */
  readonly batchAxis: number;
}

/** What the inputs and outputs of a graph are for. */
export interface Parts {
  readonly x: Declared;
  readonly y: Declared;
  readonly lengths: Declared | null;
  readonly states: readonly StatePort[];
  /** What steps read besides x. */
  readonly further: readonly Declared[];
  /** Whether y has a row per step. */
  readonly perStep: boolean;
}

/** Finds what inputs and outputs are for. @throws OnnxError naming one that is missing, or for nothing that is known */
export function partsOf(graph: Graph, options: FromOnnxOptions): Parts {
  const { inputs, outputs } = graph;
  const named = (all: readonly Declared[], kind: string, name: string) =>
    all.find((d) => d.name === name) ??
    refuse(
      `${kind} ${name}`,
      "the file has none of this name",
      `it has: ${all.map((d) => d.name).join(", ") || "none"}`,
    );
  const pairs = Object.entries(options.states ?? ownStates(graph));
  const stateInputs = pairs.map(
    ([input, output]) => [named(inputs, "input", input), named(outputs, "output", output)] as const,
  );
  const lengths =
    options.lengths === undefined
      ? inputs.find((d) => d.name === "lengths")
      : named(inputs, "input", options.lengths);
  const rest = inputs.filter((d) => d !== lengths && !stateInputs.some(([input]) => input === d));
  const answers = outputs.filter((d) => !stateInputs.some(([, output]) => output === d));
  const x = options.x === undefined ? rest[0] : named(inputs, "input", options.x);
  const y = options.y === undefined ? answers[0] : named(outputs, "output", options.y);
  if (!x || !y)
    return refuse(
      "the graph",
      x ? "it gives nothing but states" : "it reads nothing but states and lengths",
      "it has to read steps as x and give y",
    );
  if (x.shape === null || x.shape.length < 2)
    return refuse(
      `input ${x.name}`,
      `it is [${x.shape?.join(", ") ?? "?"}]`,
      'steps of sequences are [time, batch, ...], or [batch, time, ...] with first: "batch"; write the model with the shapes of its inputs',
    );
  const rowOf = (d: Declared) => d.shape!.slice(2).find((n) => typeof n === "string");
  const further = rest.filter((d) => d !== x);
  for (const d of [x, ...further]) {
    const isSteps =
      d.shape !== null && d.shape.length >= 2 && [0, 1].every((axis) => d.shape![axis] === x.shape![axis]);
    if (!isSteps)
      refuse(
        `input ${d.name}`,
        "it is neither x, nor lengths, nor a state, nor rows of the same steps",
        "say what it is with the options x, lengths and states",
      );
    if (rowOf(d) !== undefined)
      refuse(
        `input ${d.name}`,
        `the size ${rowOf(d)} of its rows is open`,
        "only the numbers of steps and of sequences may be",
      );
  }
  const batch = x.shape[options.first === "batch" ? 0 : 1]!;
  const states = stateInputs.map(([input, output]) => ({
    name: input.name.replace(/^initial\./, ""),
    input,
    output: output.name,
    batchAxis: Math.max(0, input.shape?.indexOf(batch) ?? 0, 0),
  }));
  const perStep = y.shape === null || hasSteps(y.shape, x.shape, options.first === "batch");
  return { x, y, lengths: lengths ?? null, states, further, perStep };
}

/** Whether an output has a row per step, as far as its axes say; some writers fix the number of steps. */
function hasSteps(
  y: readonly (number | string)[],
  x: readonly (number | string)[],
  batchFirst: boolean,
): boolean {
  return batchFirst ? y[0] === x[0] && (y[1] === x[1] || y.length > 2) : y.length > 1 && y[1] === x[1];
}

/** States by the names that `toOnnx` gives them. */
function ownStates({ inputs, outputs }: Graph): Record<string, string> {
  return Object.fromEntries(
    inputs.flatMap(({ name }) => {
      const output = name.replace(/^initial\./, "final.");
      return name.startsWith("initial.") && outputs.some((d) => d.name === output) ? [[name, output]] : [];
    }),
  );
}
