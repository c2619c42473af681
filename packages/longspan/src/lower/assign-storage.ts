import { bytesPerElement, type DType, type View } from "../program/index.js";
import { type FlatMap, type FlatOp, isWrite, operandsOf } from "./flat-map.js";

/**
 * Where the kernels find or leave a value of one row: a slot of scratch, a buffer, or a constant (which has a slot as well). A sum
 * is a row of a buffer to which the rows of a list are added.
 */
export interface KernelOperand {
  readonly storage: "scratch" | "view" | "constant" | "sum";
  readonly dtype: DType;
  readonly size: number;
  /** -1: none. */
  slot: number;
  readonly view?: View;
  readonly written: boolean;
  readonly value: number;
}

/** An operation on operands. Loads and stores that cost nothing are gone; the others are copies. */
export type KernelOp =
  | Exclude<FlatOp, { op: "load" | "store" | "constant" | "addUp" | "addScaled" }>
  | { op: "copy" | "addUp"; out: number; a: number }
  | { op: "addScaled"; out: number; a: number; b: number };

export interface KernelMap {
  readonly operands: readonly KernelOperand[];
  readonly ops: readonly KernelOp[];
  /** Bytes per row of each slot. */
  readonly slots: readonly number[];
}

/**
 * Decides where each value is stored. A value that is loaded is read from its buffer, and one that is stored is computed into its buffer.
 * It is copied instead if the map both reads and writes the same columns, since order would matter then. All other values share slots
 * of scratch memory.
 *
 * @param inLoop rows that a level reads by a table are of other levels than the rows it writes
 */
export function assignStorage({ values, code }: FlatMap, inLoop: boolean): KernelMap {
  const operands: KernelOperand[] = [];
  const ops: KernelOp[] = [];
  /** Operand of each value, once known. */
  const operandByValue = new Map<number, number>();
  const bytesOf = (v: { dtype: DType; size: number }) => v.size * bytesPerElement(v.dtype);
  const slots: number[] = [];
  const ownSlot = (bytes: number) => slots.push(bytes) - 1;

  const accesses = code.flatMap((op) => (op.op === "load" || op.op === "store" ? [op] : []));
  const width = (op: (typeof accesses)[number]) => values[op.op === "load" ? op.out : op.a]!.size;
  const clashes = (op: (typeof accesses)[number]) =>
    accesses.some(
      (other) =>
        other !== op &&
        (op.op === "store" || other.op === "store") &&
        other.view.buffer === op.view.buffer &&
        other.view.offset < op.view.offset + width(op) &&
        op.view.offset < other.view.offset + width(other) &&
        (!inLoop || other.view.rows === op.view.rows),
    );
  // Of a map over lists all rows may lie scattered.
  const sums = code.some((op) => op.op === "addUp" || op.op === "addScaled");
  const viewOperand = (view: View, v: number, written: boolean): number => {
    const { dtype, size } = values[v]!;
    // Rows that may lie scattered are gathered, and a number for all rows is spread, into a slot.
    const scattered = typeof view.rows === "number" || (sums && view.rows === "same");
    const needsSlot = scattered || (view.rows === "fixed" && size === 1);
    const slot = needsSlot ? ownSlot(bytesOf({ dtype, size })) : -1;
    return operands.push({ storage: "view", dtype, size, slot, view, written, value: 0 }) - 1;
  };

  // Values that are computed straight into a buffer.
  const producers = new Map<number, FlatOp>();
  const timesMade = new Map<number, number>();
  for (const op of code) {
    if (isWrite(op)) continue;
    producers.set(op.out, op);
    timesMade.set(op.out, (timesMade.get(op.out) ?? 0) + 1);
  }
  const directStores = new Map<number, FlatOp>();
  for (const op of code) {
    if (op.op !== "store" || directStores.has(op.a) || clashes(op)) continue;
    const made = producers.get(op.a);
    if (made && made.op !== "load" && made.op !== "constant" && timesMade.get(op.a) === 1)
      directStores.set(op.a, op);
  }

  const lastUse = new Map<number, number>();
  code.forEach((op, i) => {
    for (const v of operandsOf(op)) lastUse.set(v, i);
  });
  const freeSlots = new Map<number, number[]>();
  const takeSlot = (bytes: number) => freeSlots.get(bytes)?.pop() ?? ownSlot(bytes);
  const giveBack = (v: number) => {
    const o = operands[operandByValue.get(v)!]!;
    if (o.storage !== "scratch") return;
    const bytes = bytesOf(o);
    freeSlots.set(bytes, [...(freeSlots.get(bytes) ?? []), o.slot]);
  };
  const scratchFor = (v: number): number => {
    const { dtype, size } = values[v]!;
    const slot = takeSlot(bytesOf(values[v]!));
    return operands.push({ storage: "scratch", dtype, size, slot, written: true, value: 0 }) - 1;
  };
  const operandOf = (v: number) => operandByValue.get(v)!;

  code.forEach((op, i) => {
    // A result may take the slot of an operand that ends here only where both are gone through in step.
    const inStep = ["unary", "binary", "select", "mulAdd", "ofSum", "ofSumOfTwo", "scale"].includes(op.op);
    const ended = [...new Set(operandsOf(op))].filter((v) => lastUse.get(v) === i);
    const sameType = (v: number) => !isWrite(op) && bytesOf(values[v]!) === bytesOf(values[op.out]!);
    const early = inStep ? ended.filter(sameType) : [];
    const operandsRead = new Map(operandsOf(op).map((v) => [v, operandOf(v)]));
    const at = (v: number) => operandsRead.get(v)!;
    for (const v of early) giveBack(v);
    if (op.op === "addUp" || op.op === "addScaled") {
      const { dtype, size } = values[op.a]!;
      const out =
        operands.push({ storage: "sum", dtype, size, slot: -1, view: op.view, written: true, value: 0 }) - 1;
      ops.push(
        op.op === "addUp"
          ? { op: "addUp", out, a: at(op.a) }
          : { op: "addScaled", out, a: at(op.a), b: at(op.b) },
      );
    } else if (op.op === "store") {
      if (directStores.get(op.a) !== op) {
        const out = viewOperand(op.view, op.a, true);
        ops.push({ op: "copy", out, a: at(op.a) });
      }
    } else if (op.op === "load") {
      const from = viewOperand(op.view, op.out, false);
      if (!clashes(op)) operandByValue.set(op.out, from);
      else {
        operandByValue.set(op.out, scratchFor(op.out));
        ops.push({ op: "copy", out: operandOf(op.out), a: from });
      }
    } else if (op.op === "constant") {
      const { dtype, size } = values[op.out]!;
      const slot = ownSlot(bytesOf(values[op.out]!));
      operandByValue.set(
        op.out,
        operands.push({ storage: "constant", dtype, size, slot, written: false, value: op.value }) - 1,
      );
    } else {
      if (!operandByValue.has(op.out)) {
        const store = directStores.get(op.out);
        operandByValue.set(
          op.out,
          store?.op === "store" ? viewOperand(store.view, op.out, true) : scratchFor(op.out),
        );
      }
      const out = operandOf(op.out);
      switch (op.op) {
        case "iota":
          ops.push({ ...op, out });
          break;
        case "binary":
        case "ofSumOfTwo":
        case "scale":
        case "dot":
          ops.push({ ...op, out, a: at(op.a), b: at(op.b) });
          break;
        case "select":
        case "mulAdd":
        case "ofSum":
        case "uniform":
          ops.push({ ...op, out, a: at(op.a), b: at(op.b), c: at(op.c) });
          break;
        default:
          ops.push({ ...op, out, a: at(op.a) });
      }
    }
    for (const v of ended) if (!early.includes(v)) giveBack(v);
  });
  return { operands, ops, slots };
}
