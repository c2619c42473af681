import type { ParamSpec } from "../../cell/index.js";
import { add, matmul, mul, relu, sigmoid, split } from "../../ops/index.js";
import type { Value } from "../../tensor/index.js";
import { constantInit, glorot, zerosInit } from "../init/index.js";
import { layerNormalise } from "../layers/layer-norm.js";

/** Parameters of a node of two children, in letters as at `gatedTree`. */
export interface NodeSpecs {
  readonly U: ParamSpec;
  readonly Wleft: ParamSpec;
  readonly Wright: ParamSpec;
  readonly b: ParamSpec;
  readonly Wgates: ParamSpec;
  readonly bgates: ParamSpec;
  readonly gain: ParamSpec;
  readonly bias: ParamSpec;
}

/** The parameters of a node. @param inner twice `hidden` by default */
export function nodeSpecs(input: number, hidden: number, inner = 2 * hidden): NodeSpecs {
  return {
    U: glorot(input, hidden),
    Wleft: glorot(hidden, inner),
    Wright: glorot(hidden, inner),
    // Not 0, where relu bends and the derivative of a leaf would be none.
    b: constantInit(0.1, inner),
    Wgates: glorot(inner, hidden, { gates: 4 }),
    bgates: zerosInit(4 * hidden),
    gain: constantInit(1, hidden),
    bias: zerosInit(hidden),
  };
}

/**
 * The state of a node from those of its children and what enters it, U x. Children that are null are zeros, and nothing enters where that is
 * null.
 */
export function treeNode(
  children: readonly [left: Value, right: Value] | null,
  entered: Value | null,
  params: Readonly<Record<keyof NodeSpecs, Value>>,
): Value {
  const { Wleft, Wright, b, Wgates, bgates, gain, bias } = params;
  const inner = children ? add(add(matmul(children[0], Wleft), matmul(children[1], Wright)), b) : b;
  const [l, r, c, u] = split(add(matmul(relu(inner), Wgates), bgates), 4);
  const written = mul(sigmoid(c), u);
  const kept = children
    ? add(add(mul(sigmoid(l), children[0]), mul(sigmoid(r), children[1])), written)
    : written;
  return layerNormalise(entered ? add(kept, entered) : kept, gain, bias);
}
