import {
  type Cell,
  defineCell,
  type Memory,
  type MemorySpecs,
  type MemorySums,
  type Shapes,
  type Value,
} from "longspan";

/** A memory without parameters as a cell by itself: what it is told is the input x, what it answers the output. */
export function toldCell<S extends Shapes>(
  memory: Memory<MemorySpecs, S>,
): Cell<{ x: [number] }, S, Record<never, never>, Value, MemorySums> {
  return defineCell({
    name: `${memory.name}, told`,
    inputs: () => ({ x: [memory.emits] }),
    state: () => memory.state,
    params: () => ({}),
    start: (params, dtype) => memory.start?.(params, dtype) ?? {},
    step({ x, ...state }, params, context) {
      const call = { emitted: x as Value, params, state: state as never, context };
      const { read, state: next, logProbability } = memory.step(call);
      return { state: next, output: read, ...(logProbability ? { sums: { logProbability } } : {}) };
    },
  })(undefined) as never;
}
