import {
  abs,
  add,
  clamp,
  div,
  exp,
  expm1,
  lessEqual,
  minimum,
  mul,
  relu,
  sigmoid,
  softplus,
  tanh,
  type Value,
  where,
} from "longspan";

/** The functions of single elements that are known by name, as Keras 3 has them. */
const elementWise = {
  linear: (x: Value): Value => x,
  tanh,
  sigmoid,
  relu,
  relu6: (x: Value): Value => clamp(x, 0, 6),
  leaky_relu: (x: Value): Value => where(lessEqual(x, 0), mul(x, 0.2), x),
  elu: (x: Value): Value => where(lessEqual(x, 0), expm1(minimum(x, 0)), x),
  selu: (x: Value): Value => {
    const scaled = where(lessEqual(x, 0), mul(expm1(minimum(x, 0)), 1.6732632423543772), x);
    return mul(scaled, 1.0507009873554805);
  },
  // min(max(x / 6 + 1/2, 0), 1); TensorFlow.js has another line.
  hard_sigmoid: (x: Value): Value => clamp(add(mul(x, 1 / 6), 0.5), 0, 1),
  tensorflowjs_hard_sigmoid: (x: Value): Value => clamp(add(mul(x, 0.2), 0.5), 0, 1),
  softplus,
  softsign: (x: Value): Value => div(x, add(abs(x), 1)),
  exponential: exp,
  silu: (x: Value): Value => mul(x, sigmoid(x)),
} satisfies Record<string, (x: Value) => Value>;

/** An activation by the name that Keras 3 gives it; `tensorflowjs_hard_sigmoid`, which TensorFlow.js calls `hard_sigmoid`, is another than Keras's. */
export type KerasActivation = keyof typeof elementWise;

/** The names of all activations that work element by element. */
export const activationNames = Object.keys(elementWise) as readonly KerasActivation[];

/** The function of a name. */
export function activation(name: KerasActivation): (x: Value) => Value {
  return elementWise[name];
}

/** Names by which files call the same. */
export const activationAliases: Readonly<Record<string, KerasActivation>> = { swish: "silu" };
