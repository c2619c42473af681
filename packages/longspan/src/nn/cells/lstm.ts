import { type Cell, defineCell, type ParamSpec } from "../../cell/index.js";
import { checkSettings, flag, func, optional, size } from "../../check/index.js";
import { add, matmul, mul, sigmoid, split, sub, tanh } from "../../ops/index.js";
import type { Shape, Value } from "../../tensor/index.js";
import { gateBias, glorot, orthogonal, zerosInit } from "../init/index.js";
import { lstmKinds } from "./settings.js";

/** Settings of the LSTM and of the cells made after it. */
export interface LstmConfig {
  /** Features of x. */
  readonly input: number;
  /** Units of h and of s. */
  readonly hidden: number;
  /** The forget gate's initial bias; 1 by default. */
  readonly forgetBias?: number;
}

/** Settings of `lstm`: its variants, which combine. */
export interface LstmOptions<Peepholes extends boolean = boolean, Projection extends number = number>
  extends LstmConfig {
  /** What squashes the input, element by element: `sigmoid` as the chapter has it, `(i) => i` for no activation; tanh by default. */
  readonly squash?: (input: Value) => Value;
  /** What squashes the cell state on its way out, element by element: `(s) => s` for no activation; tanh by default. */
  readonly squashOutput?: (state: Value) => Value;
  /** Whether 1 - f(t) is the input gate, so that what is forgotten makes room for what is written; false by default. */
  readonly coupled?: boolean;
  /** Whether the gates see the cell state, each unit its own: weights p; false by default. */
  readonly peepholes?: Peepholes;
  /** Units of h, to which the output is projected by P; not projected by default. Fewer than `hidden`, or nothing is saved. */
  readonly projection?: Projection;
  /** Whether there is an input gate; without it g(t) = 1. True by default. */
  readonly inputGate?: boolean;
  /** Whether there is a forget gate; without it f(t) = 1. True by default. */
  readonly forgetGate?: boolean;
  /** Whether there is an output gate; without it q(t) = 1. True by default. */
  readonly outputGate?: boolean;
}

/**
 * Parameters of `lstm`: U [input, 4 hidden], W [hidden, 4 hidden], b [4 hidden]; with peepholes p [3 hidden], with a projection P [hidden,
 * projection] and W [projection, 4 hidden]. A gate less is `hidden` columns less of each but P.
 */
export type LstmSpecs<Peepholes extends boolean = false, Projection extends number = never> = {
  readonly U: ParamSpec;
  readonly W: ParamSpec;
  readonly b: ParamSpec;
} & ([Peepholes] extends [true] ? { readonly p: ParamSpec } : unknown) &
  ([Projection] extends [never] ? unknown : { readonly P: ParamSpec });

/**
 * Long short-term memory: a state s(t) with a self-loop whose weight, the forget gate, is computed from the
 * context.
 *
 *     f(t) = sigmoid(b_f + U_f x(t) + W_f h(t-1) + p_f s(t-1))         (10.40) forget gate
 *     g(t) = sigmoid(b_g + U_g x(t) + W_g h(t-1) + p_g s(t-1))         (10.42) external input gate
 *     s(t) = f(t) s(t-1) + g(t) squash(b_i + U_i x(t) + W_i h(t-1))    (10.41) cell state
 *     q(t) = sigmoid(b_q + U_q x(t) + W_q h(t-1) + p_q s(t))           (10.44) output gate
 *     h(t) = P (squashOutput(s(t)) q(t))                               (10.43) output
 *
 * By default there are neither peepholes p nor a projection P, and both squash by tanh: (10.41) as printed squashes the input by a
 * sigmoid, common weight files by tanh. The chapter names the three peepholes without their equations; these are Graves' (2013), (7) to
 * (11). The second projection of Sak et al. (2014), which is not read again, is left out, as in common weight files.
 *
 * Input x [input]; state h [projection, or hidden], s [hidden]; output h(t). U [input, 4 hidden], W [h, 4 hidden] and b [4 hidden] have the
 * gates side by side in the order f, g, i, q: forget, input gate, input, output gate, and p [3 hidden] in the order f, g, q. A gate that is
 * not there, g where the gates are coupled among them, has no columns. One bias per gate. U starts Glorot-uniform, W and P orthogonal, gate
 * by gate; p zero; b zero but for the forget gate's, 1 (section 10.10.2).
 *
 * The variants of Greff et al. (2015): NIG `inputGate: false`, NFG `forgetGate: false`, NOG `outputGate: false`, NIAF
 * `squash: (i) => i`, NOAF `squashOutput: (s) => s`, CIFG `coupled: true`; theirs has `peepholes: true`, and NP has not.
 *
 * Cells made after it, over trees: `binaryTreeLstm`, `childSumTreeLstm`.
 *
 * @throws TypeError for settings of a gate that is missing: coupled gates, a forget bias, peepholes without any gate
 * @see Goodfellow, Bengio, Courville (2016), equations 10.40 to 10.44; Hochreiter, Schmidhuber (1997); Gers et al. (2000); Gers,
 * Schmidhuber (2000), "Recurrent nets that time and count"; Graves (2013), "Generating sequences with recurrent neural networks"; Sak,
 * Senior, Beaufays (2014), section 2.2; Greff et al. (2015), "LSTM: a search space odyssey"
 * @example
 * const cell = lstm({ input: 3, hidden: 4 });
 * const { output, final } = unfold(cell, cell.init(Key.of(1)), { x: zeros([6, 3]) }, chain([4, 2]));
 * // output [6, 4], final.h [2, 4], final.s [2, 4]
 * const asPrinted = lstm({ input: 3, hidden: 4, squash: sigmoid });
 * const small = lstm({ input: 3, hidden: 8, projection: 2, coupled: true, peepholes: true });
 * small.init(Key.of(1)).p.shape // [ 16 ]: for f and q
 */
export function lstm<Peepholes extends boolean = false, Projection extends number = never>(
  options: LstmOptions<Peepholes, Projection>,
): Cell<{ x: Shape }, { h: Shape; s: Shape }, LstmSpecs<Peepholes, Projection>, Value> {
  const settings = checkSettings<LstmOptions>("lstm", options as LstmOptions, kinds);
  const { squash = tanh, squashOutput = tanh, coupled = false, peepholes = false, projection } = settings;
  const parts = partsOf(settings);
  const peeping = parts.filter((part) => part !== "i");
  const cell = defineCell({
    name: nameOf(settings),
    inputs: ({ input }: LstmConfig): { x: Shape } => ({ x: [input] }),
    state: ({ hidden }): { h: Shape; s: Shape } => ({ h: [projection ?? hidden], s: [hidden] }),
    params: ({ input, hidden, forgetBias = 1 }): AllSpecs => ({
      U: glorot(input, hidden, { gates: parts.length }),
      W: orthogonal(projection ?? hidden, hidden, { gates: parts.length }),
      b: gateBias(
        hidden,
        parts.map((part) => (part === "f" ? forgetBias : 0)),
      ),
      ...(peepholes && { p: zerosInit(peeping.length * hidden) }),
      ...(projection !== undefined && { P: orthogonal(hidden, projection) }),
    }),
    step({ x, h, s }, { U, W, b, p, P }) {
      const a = named(add(add(matmul(x, U), b), matmul(h, W)), parts);
      const weights = p && named(p, peeping);
      const gate = (name: Part, seen: Value) =>
        a[name] && sigmoid(weights ? add(a[name], mul(weights[name]!, seen)) : a[name]);
      const f = gate("f", s);
      const kept = add(gated(f, s), gated(coupled ? sub(1, f!) : gate("g", s), squash(a.i!)));
      const squashed = squashOutput(kept);
      const q = gate("q", kept);
      const out = q ? mul(squashed, q) : squashed;
      const read = P ? matmul(out, P) : out;
      return { state: { h: read, s: kept }, output: read };
    },
  })(settings);
  return cell as unknown as ReturnType<typeof lstm<Peepholes, Projection>>;
}

/** What stands side by side in U, W and b: the gates, and the input i. */
type Part = "f" | "g" | "i" | "q";

/** The parameters of every variant. */
interface AllSpecs {
  readonly U: ParamSpec;
  readonly W: ParamSpec;
  readonly b: ParamSpec;
  readonly p?: ParamSpec;
  readonly P?: ParamSpec;
}

const kinds = {
  ...lstmKinds,
  squash: optional(func),
  squashOutput: optional(func),
  coupled: optional(flag),
  peepholes: optional(flag),
  projection: optional(size),
  inputGate: optional(flag),
  forgetGate: optional(flag),
  outputGate: optional(flag),
};

/** The parts that a variant has, in their order. */
function partsOf(settings: LstmOptions): Part[] {
  const { coupled = false, peepholes, inputGate = true, forgetGate = true, outputGate = true } = settings;
  if (coupled && !(inputGate && forgetGate))
    throw new TypeError(
      `lstm: coupled gates are a forget gate f and the input gate 1 - f, but ${forgetGate ? "inputGate" : "forgetGate"} is false; leave out one of the two settings`,
    );
  if (!forgetGate && settings.forgetBias !== undefined)
    throw new TypeError("lstm: forgetBias is that of the forget gate, but forgetGate is false; leave it out");
  if (peepholes && !(inputGate || forgetGate || outputGate))
    throw new TypeError(
      "lstm: peepholes let gates see the cell state, but inputGate, forgetGate and outputGate are false; leave one of them out, or the peepholes",
    );
  const has = { f: forgetGate, g: inputGate && !coupled, i: true, q: outputGate };
  return (Object.keys(has) as Part[]).filter((part) => has[part]);
}

/** The variant, for messages and printed programs: `lstm.coupled.peepholes`. */
function nameOf(settings: LstmOptions): string {
  const { coupled, peepholes, projection, inputGate, forgetGate, outputGate } = settings;
  const variants = {
    coupled: coupled === true,
    peepholes: peepholes === true,
    projection: projection !== undefined,
    noInputGate: inputGate === false,
    noForgetGate: forgetGate === false,
    noOutputGate: outputGate === false,
  };
  return ["lstm", ...Object.entries(variants).flatMap(([name, is]) => (is ? [name] : []))].join(".");
}

/** Cuts what stands side by side, [parts * hidden], into its parts [hidden]. */
function named(stacked: Value, parts: readonly Part[]): Partial<Record<Part, Value>> {
  return Object.fromEntries(split(stacked, parts.length).map((value, k) => [parts[k]!, value]));
}

/** A value times its gate, which may be missing. */
function gated(gate: Value | undefined, value: Value): Value {
  return gate ? mul(gate, value) : value;
}
