import type { OpenedRun, OpenedRuns, RunKindName, Tensor } from "longspan";
import { Failure } from "../failure.js";

/** Another library, as far as a recurrent net is made of its layers. M: the names of its recurrent ones. */
export interface NetForm<M extends string> {
  /** As `--to` names it. */
  readonly name: string;
  /** What it is called in messages. */
  readonly library: string;
  /** Its recurrent layers, by the cells that they are. */
  readonly modules: Readonly<Record<string, M>>;
  /** What to add where it lacks a cell; "" for nothing. */
  lacks?(cell: string): string;
}

/** A recurrent net of a run, in layers that other libraries have. */
export interface PlainNet<M extends string = string> {
  readonly module: M;
  /** Vectors of symbols; null where the net reads numbers. */
  readonly table: { readonly E: Tensor } | null;
  /** The parameters of the layers: one entry each. */
  readonly layers: readonly unknown[];
  readonly readout: { readonly W: Tensor; readonly b: Tensor };
  /** An answer at every step, or one for a sequence, of the mean of all steps or of the last. */
  readonly read: "steps" | "mean" | "last";
  readonly hidden: number;
  readonly bidirectional: boolean;
  readonly dropout: number;
  /** What it reads, in words. */
  readonly input: string;
}

interface Settings {
  readonly cell: string;
  readonly hidden: number;
  readonly layers?: number;
  readonly dropout?: number;
  readonly bidirectional?: boolean;
}
type AllSettings = Readonly<Record<string, unknown>>;
type Parts = Pick<PlainNet, "table" | "readout" | "read" | "input"> & { readonly layers: unknown };

/** The net of a run. @throws Failure if the other library has no layers for it, saying what to do instead */
export function netOfRun<M extends string>(
  { kind, config, params }: OpenedRun,
  target: NetForm<M>,
): PlainNet<M> {
  const refuse: Refuse = (why) => {
    throw new Failure(
      `--to ${target.name}: ${why(target.library)}; --to onnx writes most models, and --to model all of them`,
    );
  };
  const settings = config.settings as unknown as Settings;
  const partsOf = Object.hasOwn(kinds, kind) ? kinds[kind as RunKindName] : undefined;
  if (!partsOf)
    return refuse(
      (it) =>
        `a run of the kind ${kind} is more than a recurrent net with a readout, and ${it} has no layer for it`,
    );
  const { cell, hidden, layers: count = 1, dropout = 0, bidirectional = false } = settings;
  const module = Object.hasOwn(target.modules, cell) ? target.modules[cell] : undefined;
  if (!module)
    return refuse(
      (it) =>
        `${it} has ${inWords(Object.values(target.modules))}, and none is the cell ${cell}${target.lacks?.(cell) ?? ""}`,
    );
  const { layers, ...parts } = partsOf(params as never, config.settings, refuse);
  const list = (
    Array.isArray(layers) && (count > 1 || kind === "text") ? layers : [layers]
  ) as readonly unknown[];
  return { module, ...parts, layers: list, hidden, dropout, bidirectional };
}

type Refuse = (why: (library: string) => string) => never;

function inWords(names: readonly string[]): string {
  const all = [...new Set(names)];
  return `${all.slice(0, -1).join(", ")} and ${all.at(-1)}`;
}

// A kind of run that can be written is a line here.
const kinds: {
  readonly [K in RunKindName]?: (
    params: OpenedRuns[K]["params"],
    settings: AllSettings,
    refuse: Refuse,
  ) => Parts;
} = {
  text({ embedding, layers, readout }, { window, residual, features, hidden, layers: count }, refuse) {
    if (window !== 1) refuse((it) => `${it} has no window of ${window} symbols`);
    if (residual && (count !== 1 || features === hidden))
      refuse((it) => `the recurrent layers of ${it} have no residual connections`);
    return {
      table: embedding,
      layers,
      readout,
      read: "steps",
      input: "numbers of symbols, integers [batch, steps]",
    };
  },
  synthetic({ layer, readout }, { start }, refuse) {
    if (start === "sigmoid") refuse(() => "the run has a sigmoid where that layer has tanh (start: sigmoid)");
    return { table: null, layers: layer, readout, read: "steps", input: rowsOfNumbers };
  },
  series: ({ layer, readout }) => ({
    table: null,
    layers: layer,
    readout,
    read: "steps",
    input: `${rowsOfNumbers}: windows as longspan scales them`,
  }),
  classify: ({ symbols, layer, readout }, { read }) => ({
    table: symbols ?? null,
    layers: layer,
    readout,
    read: read as "mean" | "last",
    input: symbols
      ? "numbers of symbols, integers [batch, steps]"
      : `${rowsOfNumbers}, scaled as the run scales them`,
  }),
  tag({ words, characters, layer, readout }, _, refuse) {
    if (characters)
      refuse(
        (it) =>
          `a net that reads the characters of words besides (characters) is no chain of layers of ${it}`,
      );
    return {
      table: words,
      layers: layer,
      readout,
      read: "steps",
      input: "numbers of words, integers [batch, steps]",
    };
  },
};

const rowsOfNumbers = "rows of numbers, float32 [batch, steps, features]";
