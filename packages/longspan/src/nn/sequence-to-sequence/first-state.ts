import type { Shapes } from "../../cell/index.js";
import { tanh } from "../../ops/index.js";
import {
  type DType,
  formatShape,
  type Key,
  ShapeError,
  sameShape,
  type Traceable,
  Value,
} from "../../tensor/index.js";
import { type LinearParams, linear } from "../layers/index.js";

/** Parameters of a decoder's first state, by slot: W [C's features, slot's], b. */
export type FirstStateParams = Readonly<Record<string, LinearParams>>;

/**
 * The first state of a decoder from C: tanh(C W + b) for each slot that is a vector, with a W and b of its own.
 * @param slots of the decoder's cell
 */
export function mappedFirstState(slots: Shapes, features: number) {
  const maps = Object.entries(slots)
    .filter(([, shape]) => shape.length === 1)
    .map(([slot, [output]]) => [slot, linear({ input: features, output: output! })] as const);
  return {
    init: (key: Key, dtype: DType): FirstStateParams =>
      Object.fromEntries(maps.map(([slot, map], i) => [slot, map.init(key.fold(i), dtype)])),
    apply: (params: Traceable<FirstStateParams>, C: Value): Readonly<Record<string, Value>> =>
      Object.fromEntries(
        maps.map(([slot, map]) => [slot, tanh(map.apply((params as Traceable<FirstStateParams>)[slot]!, C))]),
      ),
  };
}

/** The last state of the encoder as the first of the decoder. @throws ShapeError if the two are not of one form */
export function copiedFirstState(
  what: string,
  slots: Shapes,
  final: unknown,
  sequences: number,
): Readonly<Record<string, Value>> {
  const of = final as Readonly<Record<string, unknown>>;
  for (const [slot, shape] of Object.entries(slots)) {
    const v = of[slot];
    const expected = [sequences, ...shape];
    if (v instanceof Value && sameShape(v.shape, expected)) continue;
    const has =
      v instanceof Value
        ? `it is ${formatShape(v.shape)}`
        : `it has ${Object.keys(of).join(", ") || "nothing"}`;
    throw new ShapeError(
      `${what}: firstState is "copied", but the encoder's last state has no ${slot} ${formatShape(expected)} for the decoder (${has}); make both of one cell and size, or use "mapped" with a context`,
    );
  }
  return Object.fromEntries(Object.keys(slots).map((slot) => [slot, of[slot] as Value]));
}
