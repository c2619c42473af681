import { type Cell, defineCell, type ParamSpec } from "../../cell/index.js";
import { checkSettings, func, optional } from "../../check/index.js";
import { add, matmul, mul, sigmoid, sub } from "../../ops/index.js";
import type { Shape, Value } from "../../tensor/index.js";
import { glorot, zerosInit } from "../init/index.js";
import { gates } from "./gates.js";
import type { GruConfig } from "./gru.js";
import { sizes } from "./settings.js";

/** Settings of `mingru`. */
export interface MingruConfig extends GruConfig {
  /** What squashes the candidate, element by element, such as `tanh`; by default nothing does, as in the paper. */
  readonly squash?: (candidate: Value) => Value;
}

/**
 * minGRU: a GRU whose gate and candidate do not see the old state. Its next state is then linear in the old one, so that training runs in
 * parallel over time: one product gives gates and candidates of all steps, and what is left is a scan.
 *
 *     z(t)  = sigmoid(b_z + U_z x(t))                 update gate
 *     h~(t) = squash(b + U x(t))                      candidate; squash is the identity by default
 *     h(t)  = (1 - z(t)) h(t-1) + z(t) h~(t)
 *
 * z = 0 keeps the state, as in the paper. A gate that does not see the state decides by the present input alone: several layers are
 * needed where what is kept depends on what came before. With `squash: tanh`, as in a GRU, h stays in (-1, 1), and larger learning rates
 * can be used.
 *
 * Input x [input]; state h [hidden]; output h(t) [hidden]. Parameters U [input, 2 hidden] and b [2 hidden] in the order z, candidate.
 * U starts Glorot-uniform, gate by gate; b zero.
 *
 * @see Feng et al. (2024), "Were RNNs all we needed?", section 3.1; `minlstm`
 * @example
 * const cell = mingru({ input: 3, hidden: 4 });
 * const { output, final } = unfold(cell, cell.init(Key.of(1)), { x: zeros([6, 3]) }, chain([4, 2]));
 * // output [6, 4], final.h [2, 4]
 */
export function mingru(config: MingruConfig): Cell<{ x: Shape }, { h: Shape }, MingruSpecs, Value> {
  const { squash = (candidate: Value) => candidate, ...sized } = checkSettings<MingruConfig>(
    "mingru",
    config,
    kinds,
  );
  return mingruWith(squash)(sized);
}

/** Parameters of `mingru`. */
export interface MingruSpecs {
  readonly U: ParamSpec;
  readonly b: ParamSpec;
}

const kinds = { ...sizes, squash: optional(func) };

function mingruWith(squash: (candidate: Value) => Value) {
  return defineCell({
    name: "mingru",
    inputs: ({ input }: GruConfig): { x: Shape } => ({ x: [input] }),
    state: ({ hidden }): { h: Shape } => ({ h: [hidden] }),
    params: ({ input, hidden }): MingruSpecs => ({
      U: glorot(input, hidden, { gates: 2 }),
      b: zerosInit(2 * hidden),
    }),
    step({ x, h }, { U, b }) {
      const [update, candidate] = gates(add(matmul(x, U), b), 2);
      const z = sigmoid(update);
      const next = add(mul(sub(1, z), h), mul(z, squash(candidate)));
      return { state: { h: next }, output: next };
    },
  });
}
