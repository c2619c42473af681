import { check, checkSettings, finitePositive, optional, size } from "../../check/index.js";
import { gather } from "../../ops/index.js";
import type { Tensor } from "../../tensor/index.js";
import { valueKind } from "../../tensor/kinds.js";
import { normalInit } from "../init/index.js";
import type { Layer } from "../module.js";
import { checkApply, checkInit } from "./check-call.js";

/** Settings of `embedding`. */
export interface EmbeddingConfig {
  /** Number of symbols. */
  readonly vocabulary: number;
  /** Features per symbol. */
  readonly features: number;
  /**
   * Standard deviation at first; 1 by default, which gives inputs of unit variance, as Glorot's rule for
   * the next matrix assumes.
   */
  readonly std?: number;
}

/** Parameters of `embedding`: E [vocabulary, features]. */
export interface EmbeddingParams {
  readonly E: Tensor;
}

/**
 * A vector for every symbol: row `id` of a table. The same as a product with a one-hot vector, without the
 * product.
 *
 * ids int32 [n], or any shape, gives [n, features]. Parameter E [vocabulary, features], normal at first.
 *
 * @throws IndexError for an id outside 0..vocabulary-1, on executors that run on the CPU
 * @throws TypeError if the ids are not int32
 * @example
 * const words = embedding({ vocabulary: 1000, features: 16 });
 * words.apply(words.init(Key.of(1)), tensor([3, 1, 4], "int32")).shape // [ 3, 16 ]
 */
export function embedding(config: EmbeddingConfig): Layer<EmbeddingParams> {
  const { vocabulary, features, std = 1 } = checkSettings("embedding", config, kinds);
  const table = normalInit(std, vocabulary, features);
  return {
    input: { shape: [], dtype: "int32" },
    features,
    init(key, dtype = "float32") {
      checkInit("embedding", key, dtype);
      return { E: table.initialise(key, table.shape, dtype) };
    },
    apply(params, x) {
      checkApply("embedding", params, x);
      check("embedding.apply", "params.E", params.E, valueKind);
      return gather(params.E, x);
    },
  };
}

const kinds = { vocabulary: size, features: size, std: optional(finitePositive) };
