import { check, func } from "../check/index.js";
import { constant } from "../ops/index.js";
import {
  type Concrete,
  formatShape,
  ShapeError,
  scope,
  type Tensor,
  type Value,
  withoutRelease,
} from "../tensor/index.js";
import { treeKind } from "../tensor/kinds.js";
import { checkValue } from "./check-loss.js";
import { deeper, record, spreadOver } from "./linearised.js";
import { ExampleLevel } from "./per-example.js";
import { transposeGraph } from "./transpose.js";

/**
 * The losses of the examples of a batch, and the gradient of each of them with respect to the first argument.
 *
 *     grads[b] = d losses[b] / d params
 *
 * The function runs once and is differentiated once. Cotangents are kept row by row, each row with the example that it
 * belongs to; only where rows are added up, at the parameters, each example has a sum of its own. So the pass back through
 * time, products included, is that of one gradient of the whole batch, and B gradients are held at its end: B times the
 * parameters' memory.
 *
 * Any function that is differentiable will do. What mixes the rows of several examples, or lays examples along another axis than
 * the first (a loss [steps, examples], say), goes from there on through the pass example by example: right, and as slow as B
 * passes. Per sequence losses are best formed by `Structure.sumPerSequence` or the sums of a cell; one example may own several
 * sequences.
 *
 * @param f gives one loss per example: [examples]
 * @throws ShapeError if the losses are not a vector.
 * @example
 * const cell = rnn({ input: 2, hidden: 3 });
 * const structure = chain([4, 2]);
 * const losses = (p: Traceable<ReturnType<typeof cell.init>>, x: Value) =>
 *   structure.sumPerSequence(mean(square(unfold(cell, p, { x }, structure).output), 1));
 * const f = valueAndGradPerExample(losses);
 * const { values, grads } = f(cell.init(Key.of(1)), normal(Key.of(2), [6, 2]));
 * // values: [2]; grads: one tree of the parameters' form for each of the two sequences
 */
export function valueAndGradPerExample<P, A extends unknown[]>(
  f: (params: P, ...rest: A) => Value,
): (params: Concrete<P>, ...rest: A) => { values: Tensor; grads: Concrete<P>[] } {
  check("valueAndGradPerExample", "f", f, func);
  return (params, ...rest) =>
    scope(() =>
      withoutRelease(() => {
        check("valueAndGradPerExample", "params", params, treeKind);
        const { value, graph } = record(
          (p: P) => checkValue({ what: "valueAndGradPerExample" }, f(p, ...rest)),
          params,
        );
        if (value.rank !== 1)
          throw new ShapeError(
            `valueAndGradPerExample: the function must return one loss per example, [examples], got ${formatShape(value.shape)}`,
          );
        const examples = value.shape[0]!;
        const grads = deeper((number) => {
          const level = new ExampleLevel(number, examples);
          const owners = Int32Array.from({ length: examples }, (_, e) => e);
          const ones = level.rows(constant(1, value.shape, value.dtype), owners);
          const found = transposeGraph(graph, [ones]);
          return Array.from({ length: examples }, (_, e) =>
            spreadOver(
              params,
              found.map((ct) => ct && level.part(ct, e)),
            ),
          );
        });
        return { values: value as Tensor, grads: grads as Concrete<P>[] };
      }),
    );
}
