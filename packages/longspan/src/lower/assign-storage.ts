import { bytesPerElement, type DType, type View } from "../program/index.js";
import {
  type FlatMap,
  type FlatOp,
  isSum,
  type Nest,
  type NestedOp,
  operandFields,
  operandsOf,
  resultsOf,
} from "./flat-map.js";

/**
 * Where the kernels find or leave a value of one row: a slot of scratch, a buffer, or a constant (which has a slot as well). A sum
 * is a row of a buffer to which the rows of a list are added. A block is scratch for a few lines of a nest.
 */
export interface KernelOperand {
  readonly storage: "scratch" | "view" | "constant" | "sum" | "block";
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
  | Exclude<FlatOp, { op: "load" | "store" | "constant" | "addUp" | "addScaled" | "nest" }>
  | Exclude<NestedOp, { op: "constant" }>
  | { op: "nest"; lines: number; columns: number; linesAtOnce: number; body: readonly KernelOp[] }
  | { op: "copy" | "addUp"; out: number; a: number }
  | { op: "addScaled"; out: number; a: number; b: number };

export interface KernelMap {
  readonly operands: readonly KernelOperand[];
  readonly ops: readonly KernelOp[];
  /** Bytes per row of each slot. */
  readonly slots: readonly number[];
  /** Bytes of each slot of constants, and of each that holds some lines of a nest. */
  readonly blocks: readonly number[];
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
  const blocks: number[] = [];
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
    for (const v of resultsOf(op)) {
      producers.set(v, op);
      timesMade.set(v, (timesMade.get(v) ?? 0) + 1);
    }
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
    const sameType = (v: number) =>
      resultsOf(op).some((out) => bytesOf(values[v]!) === bytesOf(values[out]!));
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
      operandByValue.set(op.out, constantOperand(dtype, size, op.value));
    } else {
      for (const v of resultsOf(op)) {
        if (operandByValue.has(v)) continue;
        const store = directStores.get(v);
        operandByValue.set(v, store?.op === "store" ? viewOperand(store.view, v, true) : scratchFor(v));
      }
      if (op.op === "nest") ops.push(nest(op));
      else ops.push(onOperands(op, operandOf(op.out), at));
    }
    for (const v of ended) if (!early.includes(v)) giveBack(v);
  });
  return { operands, ops, slots, blocks };

  function constantOperand(dtype: DType, size: number, value: number): number {
    const slot = blocks.push(bytesOf({ dtype, size })) - 1;
    return operands.push({ storage: "constant", dtype, size, slot, written: false, value }) - 1;
  }

  /** A nest on operands: what it makes for a few lines at a time has slots of so many lines. */
  function nest({ lines, columns, body, outs }: Nest): KernelOp {
    const linesAtOnce = linesOfBlock(lines, columns);
    const size = linesAtOnce * columns;
    const inside = new Map<number, number>();
    const find = (v: number) => inside.get(v) ?? operandOf(v);
    const last = new Map<number, number>();
    body.forEach((op, i) => {
      for (const v of operandsOf(op)) last.set(v, i);
    });
    const free = new Map<number, number[]>();
    const listOf = (bytes: number) => {
      const list = free.get(bytes) ?? [];
      free.set(bytes, list);
      return list;
    };
    const pinned = new Set<number>();
    const nested: KernelOp[] = [];
    body.forEach((op, i) => {
      if (op.op === "constant") {
        inside.set(op.out, constantOperand(values[op.out]!.dtype, size, op.value));
        return;
      }
      const read = new Map(operandsOf(op).map((v) => [v, find(v)]));
      for (const v of read.keys()) {
        const o = operands[find(v)]!;
        if (last.get(v) === i && o.storage === "block" && !pinned.has(v)) listOf(bytesOf(o)).push(o.slot);
      }
      if (!isSum(op) && !outs.includes(op.out)) {
        const { dtype } = values[op.out]!;
        // What is the same for all lines is formed once, before the others, and keeps its slot.
        const isSame = op.op === "spreadLines" && op.dims.slice(0, -1).every(([, stride]) => stride === 0);
        if (isSame) pinned.add(op.out);
        const bytes = bytesOf({ dtype, size });
        const slot = (isSame ? undefined : listOf(bytes).pop()) ?? blocks.push(bytes) - 1;
        inside.set(
          op.out,
          operands.push({ storage: "block", dtype, size, slot, written: true, value: 0 }) - 1,
        );
      }
      nested.push(onOperands(op, find(op.out), (v) => read.get(v)!));
    });
    return { op: "nest", lines, columns, linesAtOnce, body: nested };
  }
}

/** Elements of a block: a few of them fit the first-level cache. */
const blockElements = 1024;
/** Blocks begin where vectors do, where that is possible. */
const aligned = 16;

function linesOfBlock(lines: number, columns: number): number {
  const most = Math.max(1, Math.floor(blockElements / columns));
  const even = Math.ceil(lines / Math.ceil(lines / most));
  let step = 1;
  while (step < aligned && (step * columns) % aligned !== 0) step *= 2;
  return Math.min(lines, Math.ceil(even / step) * step);
}

type OnValues = Exclude<
  FlatOp | NestedOp,
  { readonly op: "load" | "store" | "constant" | "addUp" | "addScaled" | "nest" }
>;

/** An operation with operands in place of values. */
function onOperands(op: OnValues, out: number, at: (v: number) => number): KernelOp {
  const fields = op as Readonly<Record<string, unknown>>;
  const placed = operandFields.flatMap((name) => (name in op ? [[name, at(fields[name] as number)]] : []));
  return { ...op, out, ...Object.fromEntries(placed) } as KernelOp;
}
