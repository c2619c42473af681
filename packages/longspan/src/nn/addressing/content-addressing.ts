import type { ParamSpec, ParamValues } from "../../cell/index.js";
import { checkSettings, finitePositive, flag, optional, size } from "../../check/index.js";
import { add, matmul, reshape, softplus } from "../../ops/index.js";
import { ShapeError, type Value } from "../../tensor/index.js";
import { glorot, zerosInit } from "../init/index.js";
import type { Addressing, AddressingSizes, AddressingSpecs } from "./addressing.js";
import { additiveScores, cosineScores, dotScores, multiplicativeScores, scaledDotScores } from "./scores.js";
import { weightsOfScores } from "./weights.js";

/** An addressing that keeps nothing: weights are the softmax of scores. */
export type ContentAddressing<P extends AddressingSpecs = AddressingSpecs> = Addressing<
  P,
  Readonly<Record<never, never>>
> &
  Required<Pick<Addressing<P, Readonly<Record<never, never>>>, "scores">>;

/** Parameters of `multiplicativeAddressing`: W [key, query]. */
export type MultiplicativeSpecs = { readonly W: ParamSpec };
/** Parameters of `additiveAddressing`: W [query, size], U [key, size], v [size]. */
export type AdditiveSpecs = { readonly W: ParamSpec; readonly U: ParamSpec; readonly v: ParamSpec };
/** Parameters of `cosineAddressing`: b [query, 1], c [1]. */
export type CosineSpecs = { readonly b: ParamSpec; readonly c: ParamSpec };

/**
 * By the inner product of query and key, which are of one width: it has no parameters.
 *
 *     weights = softmax over m of q . k_m,   with `scaled` of q . k_m / sqrt(n)
 *
 * @param options.scaled divides by the square root of the width; it does not by default
 * @see `dotScores`, `scaledDotScores`
 * @example dotAddressing({ scaled: true }).specs({ query: 8, key: 8 }) // {}
 */
export function dotAddressing(options?: {
  readonly scaled?: boolean;
}): ContentAddressing<Readonly<Record<never, never>>> {
  const { scaled = false } = checkSettings("dotAddressing", options, { scaled: optional(flag) });
  return byScores(
    "dotAddressing",
    (sizes) => {
      checkOneWidth("dotAddressing", sizes);
      return {};
    },
    (query, keys) => (scaled ? scaledDotScores : dotScores)(query, keys),
  );
}

/**
 * By the inner product by way of a matrix W [key, query], Glorot-uniform at first.
 *
 *     weights = softmax over m of q . (k_m W)
 *
 * @see `multiplicativeScores`
 * @example multiplicativeAddressing().specs({ query: 4, key: 6 }).W.shape // [ 6, 4 ]
 */
export function multiplicativeAddressing(): ContentAddressing<MultiplicativeSpecs> {
  return byScores<MultiplicativeSpecs>(
    "multiplicativeAddressing",
    ({ query, key }) => ({ W: glorot(key, query) }),
    multiplicativeScores,
  );
}

/**
 * By a small net with one hidden layer of `size` units: W [query, size], U [key, size], v [size].
 *
 *     weights = softmax over m of v . tanh(q W + k_m U)
 *
 * W and U start Glorot-uniform, v as a column [size, 1] of such a matrix would.
 *
 * @param config.size hidden units
 * @see `additiveScores`
 * @example additiveAddressing({ size: 5 }).specs({ query: 4, key: 6 }).U.shape // [ 6, 5 ]
 */
export function additiveAddressing(config: { readonly size: number }): ContentAddressing<AdditiveSpecs> {
  const { size: units } = checkSettings("additiveAddressing", config, { size });
  const column = glorot(units, 1);
  const v: ParamSpec = {
    shape: [units],
    initialise: (key, shape, dtype) => reshape(column.initialise(key, column.shape, dtype), shape),
  };
  return byScores<AdditiveSpecs>(
    "additiveAddressing",
    ({ query, key }) => ({ W: glorot(query, units), U: glorot(key, units), v }),
    additiveScores,
  );
}

/**
 * By the angle between query and key, which are of one width; the query says itself how strongly the best key is to stand out.
 *
 *     weights = softmax over m of s  q . k_m / (|q| |k_m|),   s = least + softplus(q b + c)
 *
 * Parameters b [query, 1], Glorot-uniform at first, and c [1], 0 at first. A strength near 0 reads everything alike, and learns slowly; so
 * there is a least one.
 *
 * @param options.least the least key strength; 1 by default
 * @see `cosineScores`
 * @example cosineAddressing().specs({ query: 4, key: 4 }).b.shape // [ 4, 1 ]
 */
export function cosineAddressing(options?: { readonly least?: number }): ContentAddressing<CosineSpecs> {
  const { least = 1 } = checkSettings("cosineAddressing", options, { least: optional(finitePositive) });
  return byScores<CosineSpecs>(
    "cosineAddressing",
    (sizes) => {
      checkOneWidth("cosineAddressing", sizes);
      return { b: glorot(sizes.query, 1), c: zerosInit(1) };
    },
    (query, keys, { b, c }) => {
      const strength = add(softplus(add(matmul(query, b), c)), least);
      return cosineScores(query, keys, reshape(strength, strength.shape.slice(0, -1)));
    },
  );
}

function byScores<P extends AddressingSpecs>(
  name: string,
  specs: (sizes: AddressingSizes) => P,
  scores: (query: Value, keys: Value, params: ParamValues<P>) => Value,
): ContentAddressing<P> {
  return {
    name,
    state: {},
    specs: (sizes) => specs(checkSettings(`${name}.specs`, sizes, { query: size, key: size })),
    address: ({ query, keys, params, members, mask }) => ({
      weights: weightsOfScores(scores(query, keys, params), members, mask),
      state: {},
    }),
    scores: ({ query, keys, params }) => scores(query, keys, params),
  };
}

function checkOneWidth(what: string, { query, key }: AddressingSizes): void {
  if (query !== key)
    throw new ShapeError(
      `${what}: queries have ${query} features and keys ${key}, and it compares them one by one; make them of one width, or use multiplicativeAddressing() or additiveAddressing({ size })`,
    );
}
