import { cast, concat, reshape, slice } from "../ops/index.js";
import { zerosLike } from "../optim/zeros-like.js";
import { leaves, mapTree, scope, type Tensor, type Value } from "../tensor/index.js";

/** The float leaves of trees of one form as vectors, in float64, in which small differences of long sums survive. */
export class FlatVectors<P> {
  constructor(private readonly template: P) {}

  /** [all elements] */
  vector(tree: unknown): Tensor {
    return scope(() => {
      const floats = leaves(tree).filter((v) => v.dtype !== "int32");
      return concat(
        floats.map((v) => cast(reshape(v, [-1]), "float64")),
        0,
      ) as Tensor;
    });
  }

  /** The tree of a vector, in the types of the form; zeros at integers. */
  tree(vector: Value): P {
    return scope(() => {
      let at = 0;
      return mapTree(this.template, (v) => {
        if (v.dtype === "int32") return zerosLike(v) as Tensor;
        const part = slice(vector, 0, at, at + v.size);
        at += v.size;
        return cast(reshape(part, v.shape), v.dtype);
      });
    });
  }
}
