/** A tensor as the plain reader sees it. */
export interface PlainTensor {
  readonly dtype: string;
  readonly shape: number[];
  readonly data: number[];
}

type Fields = { dtype: string; shape: number[]; data_offsets: [number, number] };

const widths: Record<string, number> = {
  ...{
    F64: 8,
    F32: 4,
    F16: 2,
    BF16: 2,
    I64: 8,
    U64: 8,
    I32: 4,
    U32: 4,
    I16: 2,
    U16: 2,
    I8: 1,
    U8: 1,
    BOOL: 1,
  },
  ...{
    C64: 8,
    F8_E5M2: 1,
    F8_E4M3: 1,
    F8_E8M0: 1,
    F8_E4M3FNUZ: 1,
    F8_E5M2FNUZ: 1,
    F6_E2M3: 0.75,
    F6_E3M2: 0.75,
    F4: 0.5,
  },
};
const isInteger = (dtype: string) => /^([IU]\d+|BOOL)$/.test(dtype);

/** Reads a file in the plainest way, trusting it; without tensors of other types and with numbers that int32 does not hold. */
export function plainly(bytes: Uint8Array): Map<string, PlainTensor> {
  const { start, head } = headOf(bytes);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const out = new Map<string, PlainTensor>();
  for (const [name, { dtype, shape, data_offsets: offsets }] of Object.entries(head)) {
    if (name === "__metadata__" || /^(C64|F[468](_.*)?)$/.test(dtype)) continue;
    const count = shape.reduce((p, n) => p * n, 1);
    const data = Array.from({ length: count }, (_, i) =>
      number(view, start + offsets[0] + i * widths[dtype]!, dtype),
    );
    const most = dtype === "BOOL" ? 1 : 2 ** 31 - 1;
    if (isInteger(dtype) && data.some((n) => n > most || n < -(2 ** 31))) continue;
    out.set(name, {
      dtype: isInteger(dtype) ? "int32" : dtype === "F64" ? "float64" : "float32",
      shape,
      data,
    });
  }
  return out;
}

/**
 * Whether a file is right, judged without the library. "unsure" where the header is JSON but not as JSON.stringify would
 * write it, such as with white space or a name that occurs twice.
 */
export function judge(bytes: Uint8Array): "right" | "wrong" | "unsure" {
  try {
    const { start, head, text } = headOf(bytes);
    if (text.replace(/[ \n]+$/, "") !== JSON.stringify(head) || text.includes("\\u")) return "unsure";
    if (!isRecord(head)) return "wrong";
    const { __metadata__: texts, ...tensors } = head as Record<string, unknown>;
    const metadata = texts ?? {};
    if (!isRecord(metadata) || !Object.values(metadata).every((v) => typeof v === "string")) return "wrong";
    const ranges = Object.values(tensors).map(rangeOf);
    if (ranges.includes(null)) return "wrong";
    let end = 0;
    for (const [from, to] of (ranges as [number, number][]).sort(([a, b], [c, d]) => a - c || b - d)) {
      if (from !== end) return "wrong";
      end = to;
    }
    return end === bytes.length - start ? "right" : "wrong";
  } catch {
    return "wrong";
  }
}

function headOf(bytes: Uint8Array): { start: number; text: string; head: Record<string, Fields> } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const start = 8 + Number(view.getBigUint64(0, true));
  if (start > bytes.length) throw new RangeError("the header ends beyond the file");
  const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes.subarray(8, start));
  return { start, text, head: JSON.parse(text) as Record<string, Fields> };
}

/** Where the data of a right entry lies; null for any other value. */
function rangeOf(value: unknown): [number, number] | null {
  if (!isRecord(value) || Object.keys(value).sort().join() !== "data_offsets,dtype,shape") return null;
  const { dtype, shape, data_offsets: offsets } = value;
  if (typeof dtype !== "string" || !isSizes(shape) || !isSizes(offsets) || offsets.length !== 2) return null;
  const size = shape.reduce((p, n) => p * Math.max(n, 1), widths[dtype] ?? Number.NaN);
  const [from, to] = offsets as [number, number];
  return size < 2 ** 53 && to - from === (shape.includes(0) ? 0 : size) ? [from, to] : null;
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((n) => Number.isSafeInteger(n) && n >= 0 && !Object.is(n, -0));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function number(view: DataView, at: number, dtype: string): number {
  if (dtype === "F64") return view.getFloat64(at, true);
  if (dtype === "F32") return view.getFloat32(at, true);
  if (isInteger(dtype)) {
    let n = 0n;
    const bytes = widths[dtype]!;
    for (let i = bytes - 1; i >= 0; i--) n = 256n * n + BigInt(view.getUint8(at + i));
    return Number(dtype[0] === "I" ? BigInt.asIntN(8 * bytes, n) : n);
  }
  const half = view.getUint16(at, true);
  if (dtype === "BF16") {
    const single = new DataView(new ArrayBuffer(4));
    single.setUint16(2, half, true);
    return single.getFloat32(0, true);
  }
  const sign = half & 0x8000 ? -1 : 1;
  const [exponent, fraction] = [(half >> 10) & 31, (half & 1023) / 1024];
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return exponent === 0 ? sign * fraction * 2 ** -14 : sign * (1 + fraction) * 2 ** (exponent - 15);
}
