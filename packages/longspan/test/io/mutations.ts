import { file, header } from "./files.js";

/** Whole numbers below n. */
export type Pick = (n: number) => number;

/** One tensor of a header, before it becomes text. */
export interface Entry {
  name: string;
  dtype: string;
  shape: number[];
  data: Uint8Array;
}

const structural = [...'{}[]":,0123456789-.e\\ \n', "\x00", "\x80", "\xff"].map((c) => c.charCodeAt(0));
const numbers = ["0", "1", "2", "3", "4", "6", "8", "12", "16", "-1", "01", "1.0", "1e3", "null", '"4"'];
const large = [2 ** 31, 2 ** 32, 2 ** 52, 2 ** 53, 2 ** 64, 1e300].map((n) => BigInt(n).toString());
const types = ["F64", "F32", "I32", "F16", "BF16", "I64", "BOOL", "U8", "F31", "f32", ""];

const one = <T>(list: readonly T[], pick: Pick): T => list[pick(list.length)]!;

/** One to three changes: bits, bytes, characters that matter, cuts, insertions, moved, doubled and exchanged pieces. */
export function mutateBytes(original: Uint8Array, pick: Pick): Uint8Array {
  let out = [...original];
  for (let n = 1 + pick(3); n > 0; n--) {
    // Half of the changes go to the head, where they matter most.
    const at = pick(pick(2) === 0 ? Math.min(out.length, 16) + 1 : out.length + 1);
    const to = at + pick(12);
    switch (pick(9)) {
      case 0:
        if (at < out.length) out[at]! ^= 1 << pick(8);
        break;
      case 1:
        if (at < out.length) out[at] = pick(256);
        break;
      case 2:
        if (at < out.length) out[at] = one(structural, pick);
        break;
      case 3:
        out = out.slice(0, at);
        break;
      case 4:
        out.splice(at, 0, pick(256));
        break;
      case 5:
        out.splice(at, 0, one(structural, pick));
        break;
      case 6:
        out.splice(at, to - at);
        break;
      case 7: {
        const piece = out.splice(at, to - at);
        out.splice(pick(out.length + 1), 0, ...piece);
        break;
      }
      default:
        out.splice(pick(out.length + 1), 0, ...out.slice(at, to));
    }
  }
  return new Uint8Array(out);
}

/**
 * One or two changes to the pieces of the header, numbers and names and punctuation, with its length put right, which gets
 * past the first checks.
 */
export function mutateHeader(original: Uint8Array, pick: Pick): Uint8Array {
  const length = new DataView(original.buffer).getUint32(0, true);
  const text = new TextDecoder().decode(original.subarray(8, 8 + length));
  const pieces = text.split(/("[^"]*"|\d+|[,:{}[\]])/).filter((p) => p !== "");
  for (let n = 1 + pick(2); n > 0; n--) {
    const at = pick(pieces.length);
    const piece = pieces[at]!;
    if (/^\d+$/.test(piece) && pick(8) > 0)
      pieces[at] = pick(3) === 0 ? one(large, pick) : one(numbers, pick);
    else if (/^"[A-Z]+\d+"$/.test(piece) && pick(8) > 0) pieces[at] = JSON.stringify(one(types, pick));
    else
      switch (pick(5)) {
        case 0:
          pieces.splice(at, 1 + pick(3));
          break;
        case 1:
          pieces[at] = one(pieces, pick);
          break;
        case 2: {
          const other = pick(pieces.length);
          [pieces[at], pieces[other]] = [pieces[other]!, piece];
          break;
        }
        case 3:
          // A whole piece of the header once more: names and fields that occur twice.
          pieces.splice(pick(pieces.length), 0, ...pieces.slice(at, at + 1 + pick(20)));
          break;
        default:
          pieces[at] = one(["[", '{"a":', " ", "0"], pick).repeat(2 ** pick(12)) + piece;
      }
  }
  const out = file(pieces.join(""), original.subarray(8 + length));
  // Now and then the length is a little wrong, or very.
  if (pick(8) === 0) new DataView(out.buffer).setUint32(4 * pick(2), length + pick(9) - 4, true);
  return out;
}

/**
 * One or two changes to what the header says of the data, in a header that is right otherwise: ranges moved, exchanged,
 * doubled, with gaps and overlaps; types and shapes that claim another size or the same; data cut or continued.
 */
export function mutateRanges(entries: readonly Entry[], pick: Pick): Uint8Array {
  let end = 0;
  const rows = entries.map(({ name, dtype, shape, data }) => {
    end += data.length;
    return { name, dtype, shape: [...shape], begin: end - data.length, end };
  });
  let data = new Uint8Array(entries.flatMap((e) => [...e.data]));
  for (let n = 1 + pick(2); n > 0; n--) {
    const [row, other] = [one(rows, pick), one(rows, pick)];
    const by = one([-8, -4, -2, -1, 1, 2, 4, 8], pick);
    switch (pick(9)) {
      case 0:
        row.begin = Math.max(0, row.begin + by);
        row.end = Math.max(0, row.end + by);
        break;
      case 1:
        row.end = Math.max(0, row.end + by);
        break;
      case 2:
        [row.begin, row.end, other.begin, other.end] = [other.begin, other.end, row.begin, row.end];
        break;
      case 3:
        rows.push({
          ...row,
          name: `${row.name} again`,
          ...(pick(2) === 0 ? { shape: [0], end: row.begin } : {}),
        });
        break;
      case 4:
        rows.splice(pick(rows.length), rows.length > 1 ? 1 : 0);
        break;
      case 5:
        row.dtype = one(types, pick);
        break;
      case 6:
        if (row.shape.length > 0)
          row.shape[pick(row.shape.length)] = one([0, 1, 2, 3, 4, 2 ** 31, 2 ** 52], pick);
        break;
      case 7: {
        // Everything behind moves, as if the data were there: a gap in the data, or data that is missing.
        for (const r of rows) if (r.begin >= row.end) [r.begin, r.end] = [r.begin + 8, r.end + 8];
        break;
      }
      default:
        data =
          pick(2) === 0
            ? data.slice(0, pick(data.length + 1))
            : new Uint8Array([...data, ...data.slice(0, 8)]);
    }
  }
  return file(
    header(
      ...rows.map(
        (r) => [r.name, r.dtype, r.shape.join(), r.begin, r.end] as [string, string, string, number, number],
      ),
    ),
    data,
  );
}

/**
 * The same tensors in another arrangement that the format allows: entries, fields and data in any order, white space,
 * names with escapes, axes of size 1, empty tensors in between, metadata.
 */
export function rearrange(entries: readonly Entry[], pick: Pick): { file: Uint8Array; entries: Entry[] } {
  const tensors: Entry[] = entries.map((e) => ({ ...e, shape: [...e.shape] }));
  for (const { shape } of tensors) if (pick(3) === 0) shape.splice(pick(shape.length + 1), 0, 1);
  for (let n = pick(3); n > 0; n--)
    tensors.push({
      name: `none ${n}`,
      dtype: types[pick(5)]!,
      shape: [pick(4), 0, pick(4)],
      data: new Uint8Array(),
    });
  const begins = new Map<Entry, number>();
  let end = 0;
  for (const t of shuffled(tensors, pick)) {
    begins.set(t, end);
    end += t.data.length;
  }
  const data = new Uint8Array(end);
  for (const [t, begin] of begins) data.set(t.data, begin);
  const space = () => (pick(6) === 0 ? one([" ", "\n", "\t", "\r\n", "  "], pick) : "");
  const spaced = (parts: string[]) => parts.map((p) => space() + p + space()).join(",");
  const listed = shuffled(tensors, pick);
  const fields = listed.map((t) => {
    const begin = begins.get(t)!;
    const parts = [
      `"dtype"${space()}:${space()}"${t.dtype}"`,
      `"shape":[${spaced(t.shape.map(String))}]`,
      `"data_offsets":[${spaced([`${begin}`, `${begin + t.data.length}`])}]`,
    ];
    return `${escaped(t.name, pick)}:${space()}{${spaced(shuffled(parts, pick))}}`;
  });
  if (pick(2) === 0)
    fields.splice(pick(fields.length + 1), 0, `"__metadata__":{${spaced(['"a":"{"', '"":"é"'])}}`);
  return { file: file(`${space()}{${spaced(fields)}}${space()}`, data), entries: listed };
}

function shuffled<T>(list: readonly T[], pick: Pick): T[] {
  const out = [...list];
  for (let i = out.length - 1; i > 0; i--) {
    const j = pick(i + 1);
    [out[i], out[j]] = [out[j]!, out[i]!];
  }
  return out;
}

/** A name as JSON, some of its characters as escapes. */
function escaped(name: string, pick: Pick): string {
  const characters = Array.from({ length: name.length }, (_, i) =>
    pick(8) === 0
      ? `\\u${name.charCodeAt(i).toString(16).padStart(4, "0")}`
      : JSON.stringify(name[i]).slice(1, -1),
  );
  return `"${characters.join("")}"`;
}
