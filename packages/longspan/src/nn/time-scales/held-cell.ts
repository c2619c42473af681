import { type Cell, defineCell, type InputSpecs, type Shapes, type StepResult } from "../../cell/index.js";
import { equal, lessEqual, sub, where } from "../../ops/index.js";
import type { Value } from "../../tensor/index.js";
import { type Structure, unfold } from "../../unfold/index.js";

/**
 * A cell whose state changes at every so many steps only, and is kept between them: the slow form of a group of a clockwork net, in
 * which every step is computed and most are thrown away. Its input `since` says how many steps ago the last update was due.
 *
 * @param slot the slot of the state that is the output
 */
export function heldCell(inner: Cell, slot: string): Cell {
  return defineCell({
    name: `held ${inner.name}`,
    inputs: (): InputSpecs => ({ ...inner.inputs, [since]: { shape: [], dtype: "int32" } }),
    state: (): Shapes => inner.state,
    params: () => inner.specs,
    start: (params, dtype) => inner.start(params as never, dtype),
    step({ [since]: steps, ...values }, params, context) {
      const old = values as unknown as Readonly<Record<string, Value>>;
      const result = inner.step(old as never, params as never, context) as StepResult<Shapes, Value, unknown>;
      const due = equal(steps as Value, 0);
      const state = Object.fromEntries(
        Object.entries(result.state).map(([name, value]) => [name, where(due, value, old[name]!)]),
      );
      return { state, output: state[slot]! };
    },
  })(undefined) as never;
}

const since = "since";

/**
 * How many steps before each node the last multiple of a period was, int32 [nodes]. Counted by positions, so sequences can begin at any step.
 */
export function stepsSince(structure: Structure, period: number): Value {
  return unfold(sinceCell(period), {}, {}, structure).output;
}

/** Without state: it needs no loop. */
function sinceCell(period: number) {
  return defineCell({
    name: `steps since a multiple of ${period}`,
    inputs: () => ({}),
    state: () => ({}),
    params: () => ({}),
    step: (_, __, context) => ({ state: {}, output: remainder(context.position(), period) }),
  })(undefined);
}

/** An integer from 0 to 2^31 - 1 modulo another: long division in base 2. */
function remainder(n: Value, divisor: number): Value {
  const powers = Math.floor(Math.log2((2 ** 31 - 1) / divisor));
  let rest = n;
  for (let k = powers; k >= 0; k--) {
    const multiple = divisor * 2 ** k;
    rest = where(lessEqual(multiple, rest), sub(rest, multiple), rest);
  }
  return rest;
}
