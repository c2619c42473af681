import { Var } from "../autodiff/index.js";
import {
  type Cell,
  type CellDefinition,
  defineCell,
  type InputSpecs,
  type SetSpecs,
  type Shapes,
  type StartOf,
} from "../cell/index.js";
import { setSpaces, where } from "../ops/index.js";
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
 * to the weights as the marked nodes use them, in the edge steps that lead to them too. A node runs both steps and selects: no weights are
 * formed per node.
 */
export function withWeightCopy(cell: Cell): Cell {
  const { edge, start, step } = cell.definition as {
    start?: (params: unknown, dtype: unknown) => StartOf<Shapes>;
    edge?: (values: unknown, params: unknown, context: unknown) => Record<string, Value>;
    step: (
      values: unknown,
      params: unknown,
      context: unknown,
    ) => { state: Record<string, Value>; output: unknown; sums?: unknown };
  };
  type Any = CellDefinition<
    null,
    InputSpecs,
    Shapes,
    unknown,
    unknown,
    string,
    InputSpecs,
    Shapes,
    InputSpecs,
    unknown,
    SetSpecs
  >;
  const define = defineCell as unknown as (definition: Any) => (config: null) => unknown;
  return define({
    name: `${cell.name} with a copy`,
    inputs: () => ({ ...cell.inputs, [copyMark]: { shape: [], dtype: "int32" } }),
    sequenceInputs: () => cell.sequenceInputs,
    sharedInputs: () => cell.sharedInputs,
    sets: () => cell.sets,
    ...(edge && { edgeInputs: () => cell.edgeInputs }),
    state: () => cell.state,
    ...(start && { start: (params, dtype) => start((params as CopiedParams).shared, dtype) }),
    params: () => ({ shared: cell.specs, copy: cell.specs }),
    ports: cell.ports,
    message: () => cell.message,
    ...(cell.messages === null ? {} : { messages: cell.messages }),
    ...(edge && {
      edge: (all, params, context) => {
        const { values, copied } = taken(all, params);
        const [own, common] = [copied.copy, copied.shared].map((weights) => edge(values, weights, context));
        return chosen(own!, common, copied.marked);
      },
    }),
    step(all, params, context) {
      const { values, copied } = taken(all, params);
      const own = step(values, copied.copy, context);
      const common = step(values, copied.shared, context);
      return {
        state: chosen(own.state, common.state, copied.marked),
        output: chosen(own.output, common.output, copied.marked),
        ...(own.sums === undefined ? {} : { sums: chosen(own.sums, common.sums, copied.marked) }),
      };
    },
  } as Any)(null) as Cell;
}

/** The cell's own operands, and both sets of weights with the mark. */
function taken(all: unknown, params: unknown) {
  const { [copyMark]: marked, ...values } = all as Record<string, Value>;
  return { values, copied: { ...(params as CopiedParams), marked: marked! } };
}

/** `own` at marked nodes, `common` at the others. What there is once per member of a set belongs to no node: it is common. */
function chosen<T>(own: T, common: unknown, marked: Value): T {
  return mapTrees(own, [common], ([u, v]) => (isPerMember(v!) ? v! : where(marked, u!, v!)));
}

function isPerMember(v: Value): boolean {
  return v instanceof Var && setSpaces.some(({ member }) => member === v.scope);
}
