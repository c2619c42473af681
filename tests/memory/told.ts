import { defineCell, type Memory, type Value } from "longspan";

/** A memory as a cell: what it is told is given at every step, and what it reads is the output. */
export function toldCell(memory: Memory) {
  return defineCell({
    name: `told ${memory.name}`,
import { type Cell, defineCell, type Memory, type MemorySpecs, type Shapes, type Value } from "longspan";

/** A memory without parameters as a cell by itself: what it is told is the input x, what it answers the output. */
export function told<S extends Shapes>(
  memory: Memory<MemorySpecs, S>,
): Cell<{ x: [number] }, S, Record<never, never>, Value> {
  return defineCell({
    name: `${memory.name}, told`,
    inputs: () => ({ x: [memory.emits] }),
    state: () => memory.state,
    params: () => ({}),
    start: (params, dtype) => memory.start?.(params, dtype) ?? {},
    step({ x, ...state }, params, context) {
      const old = state as Readonly<Record<string, Value>>;
      const { read, state: next } = memory.step({ emitted: x, params, state: old, context });
      return { state: next, output: read };
    },
  })(undefined);
      const call = { emitted: x as Value, params, state: state as never, context };
      const { read, state: next } = memory.step(call);
      return { state: next, output: read };
    },
  })(undefined) as never;
}
