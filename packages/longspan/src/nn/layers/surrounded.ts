import { check } from "../../check/index.js";
import type { Traceable, Value } from "../../tensor/index.js";
import { treeKind } from "../../tensor/kinds.js";
import type { AnyLayer, AnySequenceLayer, SequenceLayer, SequenceOptions } from "../module.js";
import { dropoutOver } from "./dropout.js";
import { inputOf } from "./layer-shapes.js";
import { sequenceLayer } from "./sequence-layer.js";

/** A sequence layer, what stands before and after it row by row, each with the name of its parameters. */
export interface Surrounded<P> {
  readonly before?: readonly [name: keyof P & string, layer: AnyLayer];
  readonly layer: readonly [name: keyof P & string, layer: AnySequenceLayer];
  readonly after: readonly [name: keyof P & string, layer: AnyLayer];
  /**
   * Dropout on what the layer reads and on what it gives: a rate in [0, 1). With it, the key is shared out: streams 0 and 2 go to the
   * two dropouts, stream 1 to the layer. Without it, the layer has the key to itself.
   */
  readonly dropout?: number;
}

/**
 * A sequence layer between layers that work row by row: what models are. Its parameters are those of its parts by name, and start
 * from streams 0, 1, ... of the key in their order; its state is that of the sequence layer. What comes after it runs only for the
 * rows that are asked for.
 *
 * @param name what messages call it
 */
export function surrounded<P, S>(name: string, parts: Surrounded<P>): SequenceLayer<P, S> {
  const { before, layer: middle, after, dropout } = parts;
  const [, layer] = middle;
  const all = before ? [before, middle, after] : [middle, after];
  return sequenceLayer<P, S>(name, {
    input: before ? inputOf(name, before[0], before[1]) : layer.input,
    further: layer.further,
    get features() {
      return after[1].features;
    },
    forward: layer.forward,
    init: (key, dtype) =>
      Object.fromEntries(all.map(([part, { init }], k) => [part, init(key.fold(k), dtype)])) as P,
    apply(params, x, structure, { key, ...options } = {}) {
      for (const [part] of all) partOf(name, params, part);
      const dropped = (rows: Value, stream: number) =>
        key && dropout !== undefined ? dropoutOver(structure, rows, dropout, key.fold(stream)) : rows;
      const read = before ? before[1].apply(partOf(name, params, before[0]), x) : x;
      const own = dropout === undefined ? key : key?.fold(1);
      const { output, final } = layer.apply(partOf(name, params, middle[0]), dropped(read, 0), structure, {
        ...(options as SequenceOptions<unknown>),
        ...(own ? { key: own } : {}),
      });
      return { output: dropped(output, 2), final: final as S };
    },
    readout: (params, output) => after[1].apply(partOf(name, params, after[0]), output),
  });
}

/** The parameters of one part. @throws TypeError if they are missing */
function partOf<P>(name: string, params: Traceable<P>, part: keyof P & string): Traceable<unknown> {
  const found = (params as Readonly<Record<string, unknown>>)[part];
  check(`${name}.apply`, `params.${part}`, found, treeKind);
  return found as Traceable<unknown>;
}
