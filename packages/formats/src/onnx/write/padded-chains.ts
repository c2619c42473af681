import { OnnxError } from "../error.js";
import type { GraphWriter } from "./graph-writer.js";
import type { ChainInput, ModelInput, Run } from "./record.js";
import type { PaddedChain } from "./scan.js";

/** Sequences that a model reads, with what the file's graph says of them. */
export interface FoundChain {
  readonly input: ChainInput;
  readonly padded: PaddedChain;
  /** How long each is, int32 [batch]. */
  readonly lengths: string;
}

/** The named sizes as tensors, int64 [1], and the sequences that have them. */
export interface FoundChains {
  readonly sizes: ReadonlyMap<string, string>;
  readonly chains: readonly FoundChain[];
}

/** Reads the sizes of sequences off the shapes of inputs, and forms what follows from their lengths. */
export function findChains(
  what: string,
  inputs: readonly ModelInput[],
  chains: Run["chains"],
  graph: GraphWriter,
): FoundChains {
  const sizes = new Map<string, string>();
  const read = (size: string, input: string, axis: number) => {
    if (!sizes.has(size)) sizes.set(size, graph.op("Shape", [input], { start: axis, end: axis + 1 }));
  };
  for (const { name, over, batch = "batch" } of inputs) {
    if (typeof over === "object") {
      read(over.time, name, 0);
      read(over.batch, name, 1);
    } else read(batch, name, 0);
  }
  const padded = ({ time, batch, lengths }: ChainInput): Omit<FoundChain, "input"> => {
    const size = sizes.get(time);
    if (size === undefined)
      throw new OnnxError(what, {
        where: "the model",
        found: "it reads nothing at its steps, so that no input says how many there are",
        remedy: "give it an input x",
      });
    const count = graph.op("Squeeze", [size, graph.ints([0])]);
    const range = graph.op("Range", [graph.scalar(0, "int64"), count, graph.scalar(1, "int64")]);
    const steps = graph.cast(range, "int32");
    if (lengths === null) {
      const all = graph.op("Expand", [graph.cast(count, "int32"), sizes.get(batch)!]);
      return { padded: { time, batch, steps, mask: null }, lengths: all };
    }
    const unsqueezed = (name: string, axis: number) => graph.op("Unsqueeze", [name, graph.ints([axis])]);
    const mask = graph.op("Less", [unsqueezed(steps, 1), unsqueezed(lengths, 0)]);
    return { padded: { time, batch, steps, mask }, lengths };
  };
  return { sizes, chains: chains.map(({ chain }) => ({ input: chain, ...padded(chain) })) };
}
