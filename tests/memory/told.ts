import { defineCell, type Memory, type Value } from "longspan";

/** A memory as a cell: what it is told is given at every step, and what it reads is the output. */
export function toldCell(memory: Memory) {
  return defineCell({
    name: `told ${memory.name}`,
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
}
