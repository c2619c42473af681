import { describe, isRecord } from "../check/index.js";
import { type DType, formatShape, full, ShapeError, sameShape, Value } from "../tensor/index.js";
import type { Shapes } from "./step.js";
import type { Erased } from "./trace-cell.js";
import { CellError } from "./verify.js";

/** Where a cell's sequences start, by slot: a value of the slot's shape, or a number for all of it. */
export type StartOf<S> = { readonly [K in keyof S]?: Value | number };

/** What a cell needs to say where it starts. */
interface Starting {
  readonly name: string;
  readonly state: Shapes;
  readonly definition: Erased;
}

/**
 * The slots of a cell's state that do not start from zeros, with the values that they start from.
 * @throws CellError for what the state has no slot for; ShapeError for a value of another shape or type
 */
export function startOf({ name, state, definition }: Starting, params: unknown, dtype: DType) {
  if (definition.start === undefined) return {};
  const what = `cell ${name}: its start`;
  const begun: unknown = definition.start(params as never, dtype);
  if (!isRecord(begun) || begun instanceof Value)
    throw new CellError(`${what} gives ${describe(begun)}, expected values by slot`);
  return Object.fromEntries(
    Object.entries(begun).flatMap(([slot, from]) => {
      const shape = state[slot];
      if (shape === undefined)
        throw new CellError(
          `${what} has "${slot}", which is not a slot of the state (slots: ${Object.keys(state).join(", ") || "none"})`,
        );
      if (from === undefined) return [];
      const value = typeof from === "number" ? full(shape, from, dtype) : from;
      if (!(value instanceof Value))
        throw new CellError(`${what} has "${slot}" as ${describe(from)}, expected a value or a number`);
      if (!sameShape(value.shape, shape) || value.dtype !== dtype)
        throw new ShapeError(
          `${what} has "${slot}" as ${value.dtype} ${formatShape(value.shape)}, expected ${dtype} ${formatShape(shape)}: the shape of the slot, since all sequences start alike`,
        );
      return [[slot, value] as const];
    }),
  ) as Record<string, Value>;
}
