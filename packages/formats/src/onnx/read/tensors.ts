import { type DType, fromArray, type Tensor } from "longspan";
import { fromHalf } from "longspan/engine";
import {
  TensorProto_DataLocation as DataLocation,
  TensorProto_DataType as DataType,
  type TensorProto,
} from "../proto/onnx_pb.js";
import { refuse } from "./decode-model.js";

/** A type of numbers in a file: what it becomes here, and how its bytes are read. */
interface TypeRow {
  readonly dtype: DType;
  readonly bytes: number;
  read(view: DataView, at: number): number;
  /** The fields that hold it where it is not raw. */
  listed(tensor: TensorProto): ArrayLike<number | bigint>;
}

const int32s = ({ int32Data }: TensorProto) => int32Data;

/** Types that are read; whole numbers and conditions become int32. */
const types: Readonly<Partial<Record<DataType, TypeRow>>> = {
  [DataType.FLOAT]: {
    dtype: "float32",
    bytes: 4,
    read: (v, at) => v.getFloat32(at, true),
    listed: (t) => t.floatData,
  },
  [DataType.DOUBLE]: {
    dtype: "float64",
    bytes: 8,
    read: (v, at) => v.getFloat64(at, true),
    listed: (t) => t.doubleData,
  },
  [DataType.FLOAT16]: {
    dtype: "float32",
    bytes: 2,
    read: (v, at) => half(v.getUint16(at, true)),
    listed: (t) => Float32Array.from(t.int32Data, half),
  },
  [DataType.INT64]: {
    dtype: "int32",
    bytes: 8,
    read: (v, at) => near(v.getBigInt64(at, true)),
    listed: (t) => t.int64Data,
  },
  [DataType.INT32]: { dtype: "int32", bytes: 4, read: (v, at) => v.getInt32(at, true), listed: int32s },
  [DataType.UINT8]: { dtype: "int32", bytes: 1, read: (v, at) => v.getUint8(at), listed: int32s },
  [DataType.INT8]: { dtype: "int32", bytes: 1, read: (v, at) => v.getInt8(at), listed: int32s },
  [DataType.BOOL]: {
    dtype: "int32",
    bytes: 1,
    read: (v, at) => (v.getUint8(at) === 0 ? 0 : 1),
    listed: int32s,
  },
};

/** What a type of a file becomes here. @throws OnnxError for a type that is not read */
export function dtypeOf(type: number, where: string): DType {
  const row = types[type as DataType];
  if (row) return row.dtype;
  return refuse(
    where,
    `it is of the type ${DataType[type] ?? type}`,
    "float, double, float16, int64, int32, uint8, int8 and bool are read; cast it before it is written",
  );
}

/** The number that the bits of a half float stand for. */
function half(bits: number): number {
  return fromHalf(Uint8Array.of(bits & 255, (bits >> 8) & 255))[0]!;
}

/** Whole numbers beyond int32 stand for no end, as in slices. */
function near(n: bigint): number {
  return Number(n > 2147483647n ? 2147483647n : n < -2147483648n ? -2147483648n : n);
}

/** The numbers of a tensor in a file. @throws OnnxError if they are too few or too many for its shape, or outside of the file */
export function tensorOf(proto: TensorProto, where: string): Tensor {
  const dtype = dtypeOf(proto.dataType, where);
  const row = types[proto.dataType as DataType]!;
  if (proto.dataLocation === DataLocation.EXTERNAL || proto.externalData.length > 0)
    refuse(where, "its numbers are in another file", "write the model as one file");
  const shape = proto.dims.map((n) => near(n));
  const size = shape.reduce((a, b) => a * b, 1);
  const raw = proto.rawData;
  const listed = raw.length > 0 ? null : row.listed(proto);
  const count = listed ? listed.length : raw.length / row.bytes;
  if (shape.some((n) => n < 0) || count !== size)
    refuse(
      where,
      `it holds ${count} numbers for the shape [${shape.join(", ")}]`,
      "the file may be damaged; write it again",
    );
  const data = new { float32: Float32Array, float64: Float64Array, int32: Int32Array }[dtype](size);
  const view = new DataView(raw.buffer, raw.byteOffset, raw.length);
  for (let i = 0; i < size; i++) {
    const n = listed ? listed[i]! : row.read(view, i * row.bytes);
    data[i] = typeof n === "bigint" ? near(n) : n;
  }
  return fromArray(data, shape, dtype);
}
