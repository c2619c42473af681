import type {
  BinaryCode,
  DType,
  MapInstruction,
  MapOp,
  Register,
  SegmentMap,
  Space,
  UnaryCode,
} from "../program/index.js";
import { type Shape, sameShape } from "../tensor/index.js";
import type { Aval, BufferOperand, MapEmitter } from "./record.js";

/**
 * Collects the tile program of one fused map. The same memory is loaded once.
 * @example
 * const map = new MapBuilder();
 * const operand = (buffer: number) => ({ shape: [3], dtype: "float32", view: { buffer, offset: 0, rows: "same" } }) as const;
 * map.store(map.unary("tanh", map.load(operand(0)), "float32"), operand(1));
 * map.build("node").code.length // 3: load, unary, store
 */
export class MapBuilder implements MapEmitter {
  private readonly registers: Register[] = [];
  private readonly code: MapOp[] = [];
  private readonly loads = new Map<string, number>();

  register(aval: Register): number {
    this.registers.push({ shape: aval.shape, dtype: aval.dtype });
    return this.registers.length - 1;
  }

  shape(register: number): Shape {
    return this.registers[register]!.shape;
  }

  dtype(register: number): DType {
    return this.registers[register]!.dtype;
  }

  push(op: MapOp): void {
    this.code.push(op);
  }

  /** A register with the operand; the same register if it was loaded before. */
  load(operand: BufferOperand): number {
    const { buffer, offset, rows } = operand.view;
    const key = `${buffer}:${offset}:${rows}:${operand.shape.join("x")}`;
    const known = this.loads.get(key);
    if (known !== undefined) return known;
    const out = this.register(operand);
    this.push({ op: "load", out, view: operand.view });
    this.loads.set(key, out);
    return out;
  }

  /** Writes a register to memory, broadcast to the shape there if need be. */
  store(input: number, operand: BufferOperand): void {
    this.push({ op: "store", input: this.expand(input, operand.shape), view: operand.view });
  }

  unary(code: UnaryCode, a: number, dtype: DType): number {
    const out = this.register({ shape: this.shape(a), dtype });
    this.push({ op: "unary", code, out, a });
    return out;
  }

  binary(code: BinaryCode, a: number, b: number, dtype: DType): number {
    const shape = this.shape(a).length >= this.shape(b).length ? this.shape(a) : this.shape(b);
    const out = this.register({ shape, dtype });
    this.push({ op: "binary", code, out, a: this.expand(a, shape), b: this.expand(b, shape) });
    return out;
  }

  constant(value: number, aval: Aval): number {
    const out = this.register(aval);
    this.push({ op: "constant", out, value });
    return out;
  }

  expand(a: number, shape: Shape): number {
    if (sameShape(this.shape(a), shape)) return a;
    const out = this.register({ shape, dtype: this.registers[a]!.dtype });
    this.push({ op: "expand", out, a });
    return out;
  }

  /** The finished instruction over the rows of `space`. */
  build(space: Space): MapInstruction {
    return { kind: "map", space, registers: this.registers, code: this.code };
  }

  /** The finished instruction that sums what is stored over lists: for each row of `space`, over rows of `inner`. */
  buildSums(space: Space, inner: Space, lists: number): SegmentMap {
    return { ...this.build(space), kind: "segmentMap", inner, lists };
  }
}
