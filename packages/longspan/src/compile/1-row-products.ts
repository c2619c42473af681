import type { Equation, Var } from "../autodiff/index.js";
import type { CellGraph } from "../cell/index.js";
import { type MatmulAttrs, matmulOp, type Op } from "../ops/index.js";
import { hasLevels } from "../program/index.js";
import { sizeOf } from "../tensor/index.js";

/** Matrices with fewer elements are multiplied by an instruction: in a map they would take as much time. */
const leastElements = 256;
/** Longer lines do not stay in cache. */
const longestLine = 4096;

/** A row times its own matrix: products element by element and their sums. */
const rowProductOp: Op<MatmulAttrs> = {
  ...matmulOp,
  name: "rowProduct",
  lowering: {
    kind: "map",
    emit({ transposeB }, [a, b], out, map) {
      const shape = map.shape(b!);
      let row = a!;
      if (!transposeB) {
        row = map.register({ shape: [shape[0]!, 1], dtype: out.dtype });
        map.push({ op: "reshape", out: row, a: a! });
      }
      const products = map.binary("mul", map.expand(row, shape), b!, out.dtype);
      const sum = map.register(out);
      map.push({ op: "reduce", code: "sum", out: sum, a: products, axes: [transposeB ? 1 : 0] });
      return sum;
    },
  },
};

/**
 * A product of a row with its own matrix uses each element of the matrix once, so it takes as long as reading it. As row-local work it joins
 * the map that makes the matrix or reads it anyway, and what else there is in that map need not be written for it.
 */
export function rowProducts(cell: CellGraph): CellGraph {
  const isRow = ({ op, inputs: [a, b], outputs: [out] }: Equation) => {
    if (op !== matmulOp || a!.rank !== 1 || b!.rank !== 2) return false;
    const { scope, shape } = b as Var;
    if (scope !== out!.scope || !hasLevels(scope) || sizeOf(shape) < leastElements) return false;
    return shape[0]! > 1 && shape[1]! > 1 && shape[1]! <= longestLine;
  };
  return {
    ...cell,
    equations: cell.equations.map((eq) => (isRow(eq) ? ({ ...eq, op: rowProductOp } as Equation) : eq)),
  };
}
