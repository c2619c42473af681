import { type Cell, type CellDefinition, defineCell, type InputSpecs, type Shapes } from "../cell/index.js";
import { where } from "../ops/index.js";
import { mapTrees, type Value } from "../tensor/index.js";

/** The input that says, per node, whether it uses the copy. Not a name that a cell's author would give. */
export const copyMark = "uses the copy";

/** Parameters of a cell some of whose nodes use a copy: both of the form of the cell's own. */
export interface CopiedParams {
  readonly shared: unknown;
  readonly copy: unknown;
}

/**
 * The cell with a second set of weights, which the nodes marked by 1 use in place of the first:
 *
 *     h(t) = f(h(t-1), x(t); m(t) ? copy : shared)
 *
 * With the copy equal to the shared weights it is the cell itself, and a derivative with respect to the copy is that with respect
 * to the weights as the marked nodes use them. A node runs both steps and selects: no weights are formed per node.
 */
export function withWeightCopy(cell: Cell): Cell {
  const step = cell.definition.step as (
    values: unknown,
    params: unknown,
    context: unknown,
  ) => { state: Record<string, Value>; output: unknown; sums?: unknown };
  type Any = CellDefinition<
    null,
    InputSpecs,
    Shapes,
    unknown,
    unknown,
    never,
    InputSpecs,
    Shapes,
    InputSpecs,
    unknown
  >;
  const define = defineCell as unknown as (definition: Any) => (config: null) => unknown;
  return define({
    name: `${cell.name} with a copy`,
    inputs: () => ({ ...cell.inputs, [copyMark]: { shape: [], dtype: "int32" } }),
    sequenceInputs: () => cell.sequenceInputs,
    sharedInputs: () => cell.sharedInputs,
    state: () => cell.state,
    params: () => ({ shared: cell.specs, copy: cell.specs }),
    step(all, params, context) {
      const { [copyMark]: marked, ...values } = all as Record<string, Value>;
      const { shared, copy } = params as unknown as CopiedParams;
      const choose = <T>(a: T, b: unknown): T => mapTrees(a, [b], ([u, v]) => where(marked!, u!, v!));
      const own = step(values, copy, context);
      const common = step(values, shared, context);
      return {
        state: choose(own.state, common.state),
        output: choose(own.output, common.output),
        ...(own.sums === undefined ? {} : { sums: choose(own.sums, common.sums) }),
      };
    },
  })(null) as Cell;
}
