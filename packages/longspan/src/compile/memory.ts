import type { Equation, Var } from "../autodiff/index.js";
import { contiguousStart, sliceOp } from "../ops/index.js";
import type { Value } from "../tensor/index.js";

/** The location of a value: its first element lies `offset` elements into a row of the memory of `root`. */
export interface MemoryLocation {
  readonly root: Var;
  readonly offset: number;
}

/**
 * Finds the value whose memory a reshape, an identity or a contiguous slice reads. A slice is followed only if its operand has memory
 * in any case: it is an operand of the cell, or the result of an instruction.
 */
export function memoryOf(v: Value, producer: ReadonlyMap<Value, Equation>): MemoryLocation {
  const variable = v as Var;
  const eq = producer.get(v);
  if (!eq) return { root: variable, offset: 0 };
  if (eq.op.lowering.kind === "alias") return memoryOf(eq.inputs[0]!, producer);
  if (eq.op === sliceOp) {
    const source = memoryOf(eq.inputs[0]!, producer);
    const made = producer.get(source.root);
    const inMemory = !made || made.op.lowering.kind === "instruction" || made.op.lowering.kind === "sum";
    const start = contiguousStart(eq.inputs[0]!.shape, eq.attrs.starts, eq.attrs.sizes);
    if (inMemory && start !== null && source.root.scope === variable.scope)
      return { root: source.root, offset: source.offset + start };
  }
  return { root: variable, offset: 0 };
}

/** Whether the result of an equation is a view of the memory of another value. */
export function isView(eq: Equation, producer: ReadonlyMap<Value, Equation>): boolean {
  if (eq.op.lowering.kind === "alias") return true;
  return eq.op === sliceOp && memoryOf(eq.outputs[0]!, producer).root !== eq.outputs[0];
}
