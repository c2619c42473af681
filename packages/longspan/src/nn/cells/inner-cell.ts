import { Cell, type InputSpec, listed, type Shapes } from "../../cell/index.js";
import { describe } from "../../check/index.js";
import { formatShape, type Shape, Value } from "../../tensor/index.js";

/** What makes a cell of given sizes: a cell of the library, such as `gru`, or a function of one's own. */
export type CellMaker<S extends Shapes, P> = (sizes: {
  readonly input: number;
  readonly hidden: number;
}) => Cell<{ x: InputSpec }, S, P, Value>;

/** Checks that a cell can be the inner one of another: a decoder's, or the controller of a memory. @throws TypeError */
export function checkInner(what: string, cell: unknown): asserts cell is Cell {
  if (!(cell instanceof Cell))
    throw new TypeError(
      `${what}: cell makes a cell of { input, hidden }, as gru does; what it made is ${describe(cell)}`,
    );
  const { name, inputs, sequenceInputs, sharedInputs, sets, ports, definition } = cell as Cell;
  const all = [inputs, sequenceInputs, sharedInputs, sets].flatMap((specs) => Object.keys(specs));
  const isVector = shapeOf(inputs.x)?.length === 1;
  if (all.length !== 1 || !isVector)
    throw new TypeError(
      `${what}: cell ${name} reads ${all.length === 0 ? "nothing" : listed(all)}, expected x, a vector [input], and nothing else: what else it is to read goes in there`,
    );
  if (ports.length > 0 || definition.edge !== undefined)
    throw new TypeError(
      `${what}: cell ${name} is made for trees or graphs (it has ${ports.length > 0 ? "ports" : "an edge step"}); what is made of it runs over chains`,
    );
}

/** Features of what a cell gives. @throws TypeError if that is no vector */
export function outputOf(what: string, cell: Cell): number {
  const { output } = cell.trace("float32");
  if (output instanceof Value && output.rank === 1) return output.shape[0]!;
  throw new TypeError(
    `${what}: cell ${cell.name} gives ${output instanceof Value ? formatShape(output.shape) : "several values"}, expected one vector, [features]`,
  );
}

function shapeOf(spec: InputSpec | undefined): Shape | undefined {
  return spec === undefined
    ? undefined
    : "shape" in spec
      ? spec.dtype === "int32"
        ? undefined
        : spec.shape
      : spec;
}
