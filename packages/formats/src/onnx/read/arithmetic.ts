import {
  abs,
  add,
  broadcastTo,
  cast,
  cos,
  div,
  equal,
  erf,
  exp,
  less,
  lessEqual,
  log,
  logSoftmax,
  matmul,
  max,
  maximum,
  mean,
  minimum,
  mul,
  neg,
  permute,
  pow,
  relu,
  reshape,
  sigmoid,
  sign,
  sin,
  softmax,
  softplus,
  sqrt,
  sub,
  sum,
  tanh,
  type Value,
  where,
} from "longspan";
import { axisIn, joinedShape, listOf, need } from "./operands.js";
import type { NodeCall, Operator, Operators } from "./run-graph.js";
import { dtypeOf } from "./tensors.js";

const unary =
  (f: (x: Value) => Value): Operator =>
  (call) => [f(need(call, 0))];
const binary =
  (f: (a: Value, b: Value) => Value): Operator =>
  (call) => [f(need(call, 0), need(call, 1))];
/** Operators that take any number of inputs. */
const several =
  (f: (a: Value, b: Value) => Value): Operator =>
  (call) => [call.inputs.map((_, i) => need(call, i)).reduce(f)];
const not = (x: Value) => equal(x, 0);
/** 1 where a condition holds. */
const truth = (x: Value) => sub(1, equal(x, 0));

/** Operators that work element by element, reduce, or multiply. */
export const arithmetic: Operators = {
  Neg: unary(neg),
  Exp: unary(exp),
  Log: unary(log),
  Tanh: unary(tanh),
  Sigmoid: unary(sigmoid),
  Relu: unary(relu),
  Softplus: unary(softplus),
  Sqrt: unary(sqrt),
  Sin: unary(sin),
  Cos: unary(cos),
  Erf: unary(erf),
  Abs: unary(abs),
  Sign: unary(sign),
  Reciprocal: unary((x) => div(1, x)),
  Not: unary(not),
  Add: binary(add),
  Sub: binary(sub),
  Mul: binary(mul),
  Div: binary((a, b) => (a.dtype === "int32" ? wholeQuotient(a, b) : div(a, b))),
  Pow: binary((a, b) => pow(a, b.dtype === a.dtype ? b : cast(b, a.dtype))),
  Max: several(maximum),
  Min: several(minimum),
  Sum: several(add),
  Equal: binary(equal),
  Less: binary(less),
  LessOrEqual: binary(lessEqual),
  Greater: binary((a, b) => less(b, a)),
  GreaterOrEqual: binary((a, b) => lessEqual(b, a)),
  And: binary((a, b) => mul(truth(a), truth(b))),
  Or: binary((a, b) => maximum(truth(a), truth(b))),
  Where: (call) => {
    const [condition, a, b] = [0, 1, 2].map((i) => need(call, i)) as [Value, Value, Value];
    const shape = joinedShape(condition.shape, joinedShape(a.shape, b.shape));
    return [where(broadcastTo(condition, shape), broadcastTo(a, shape), broadcastTo(b, shape))];
  },
  Cast: (call) => {
    const type = call.node.attributes.int("to", 1);
    const x = need(call, 0);
    // 9 is bool: every other number than 0 holds.
    return [type === 9 ? truth(x) : cast(x, dtypeOf(type, call.node.where))];
  },
  Clip: (call) => {
    const [low, high] = [call.inputs[1], call.inputs[2]];
    const above = low ? maximum(need(call, 0), low) : need(call, 0);
    return [high ? minimum(above, high) : above];
  },
  Softmax: (call) => [alongLast(call, -1, softmax)],
  LogSoftmax: (call) => [alongLast(call, -1, logSoftmax)],
  ReduceSum: reduction(sum),
  ReduceMean: reduction(mean),
  ReduceMax: reduction(max),
  MatMul: binary(matmul),
  Gemm: (call) => {
    const { attributes } = call.node;
    const turned = (x: Value, name: string) => (attributes.int(name, 0) ? permute(x) : x);
    const product = matmul(turned(need(call, 0), "transA"), turned(need(call, 1), "transB"));
    const [alpha, beta] = [attributes.float("alpha", 1), attributes.float("beta", 1)];
    const scaled = alpha === 1 ? product : mul(product, alpha);
    const [, , c] = call.inputs;
    return [c ? add(scaled, beta === 1 ? c : mul(c, beta)) : scaled];
  },
  LayerNormalization: (call) => {
    const x = need(call, 0);
    const { attributes } = call.node;
    if (axisIn(x.rank, attributes.int("axis", -1)) !== x.rank - 1)
      throw new Error("it normalises over several axes; the last one is read");
    const centred = sub(x, lastKept(mean(x, -1), x));
    const variance = lastKept(mean(mul(centred, centred), -1), x);
    const scaled = mul(div(centred, sqrt(add(variance, attributes.float("epsilon", 1e-5)))), need(call, 1));
    const [, , bias] = call.inputs;
    return [bias ? add(scaled, bias) : scaled];
  },
};

/** The quotient of whole numbers that say shapes, towards 0. */
function wholeQuotient(a: Value, b: Value): Value {
  const [p, q] = [cast(a, "float64"), cast(b, "float64")];
  return cast(div(p, q), "int32");
}

/** A value per row beside the rows that it is of. */
function lastKept(x: Value, rows: Value): Value {
  return broadcastTo(reshape(x, [...x.shape, 1]), rows.shape);
}

/** Along one axis, which is brought to the end for it. */
function alongLast(call: NodeCall, otherwise: number, f: (x: Value) => Value): Value {
  const x = need(call, 0);
  const axis = axisIn(x.rank, call.node.attributes.int("axis", otherwise));
  if (axis === x.rank - 1) return f(x);
  const axes = x.shape.map((_, d) => d);
  axes.push(...axes.splice(axis, 1));
  const back = axes.map((_, d) => axes.indexOf(d));
  return permute(f(permute(x, axes)), back);
}

function reduction(f: (x: Value, axes?: readonly number[]) => Value): Operator {
  return (call) => {
    const x = need(call, 0);
    const listed = listOf(call, "axes", 1);
    const { attributes } = call.node;
    if (listed === null && attributes.int("noop_with_empty_axes", 0)) return [x];
    const axes = (listed?.length ? listed : x.shape.map((_, d) => d)).map((axis) => axisIn(x.rank, axis));
    const reduced = f(x, axes);
    if (!attributes.int("keepdims", 1)) return [reduced];
    return [
      reshape(
        reduced,
        x.shape.map((n, d) => (axes.includes(d) ? 1 : n)),
      ),
    ];
  };
}
