import { closeSync, openSync, readSync, statSync } from "node:fs";
import * as zlib from "node:zlib";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import {
  type AsyncBuffer,
  type Compressors,
  type FileMetaData,
  parquetMetadataAsync,
  parquetReadObjects,
  parquetSchema,
} from "hyparquet";
import { nameOf, standardInput, unreadable } from "./blocks.js";
import { checkPages } from "./parquet-pages.js";
import type { RowBlocks } from "./rows.js";
import { TableError } from "./table-error.js";

/** Rows that are read at a time within a group of rows. */
const rowsAtATime = 65_536;

/** The columns of a Parquet file, and its rows. */
export interface ParquetTable {
  readonly columns: readonly string[];
  rows(): RowBlocks;
}

/** @throws TableError if it cannot be read, or is no Parquet */
export async function openParquet(path: string): Promise<ParquetTable> {
  if (path === standardInput)
    throw new TableError(
      nameOf(path),
      null,
      null,
      "a Parquet file is read from its end, which a pipe cannot; give its path",
    );
  const { metadata, columns } = await withFile(path, async (file) => {
    const metadata = await parquetMetadataAsync(file);
    return { metadata, columns: parquetSchema(metadata).children.map(({ element }) => element.name) };
  });
  if (!columns.every((name) => typeof name === "string")) throw damaged(path, "a column has no name");
  return { columns, rows: () => rowsOf(path, metadata, columns) };
}

async function* rowsOf(path: string, metadata: FileMetaData, columns: readonly string[]): RowBlocks {
  const rows = Number(metadata.num_rows);
  const inGroups = metadata.row_groups.reduce((n, group) => n + Number(group.num_rows), 0);
  if (rows !== inGroups) throw damaged(path, `it says ${rows} rows, and its groups have ${inGroups}`);
  let begin = 0;
  for (const group of metadata.row_groups) {
    const end = begin + Number(group.num_rows);
    await withFile(path, async ({ byteLength }) =>
      checkPages(group, (from, to) => bytesOf(path, from, to, byteLength)),
    );
    for (; begin < end; begin = Math.min(end, begin + rowsAtATime)) {
      const rowStart = begin;
      const rowEnd = Math.min(end, begin + rowsAtATime);
      const found = await withFile(path, (file) =>
        parquetReadObjects({ file, metadata, rowStart, rowEnd, compressors, columns: [...columns] }),
      );
      if (found.length !== rowEnd - rowStart)
        throw damaged(path, `rows ${rowStart + 1} to ${rowEnd} are ${found.length}`);
      yield found.map((row, k) => ({
        values: columns.map((column) => plain(row[column])),
        at: rowStart + k + 1,
      }));
    }
  }
}

/** A value as other formats have it: whole numbers as numbers where they are exact, points in time as text. */
function plain(value: unknown): unknown {
  if (typeof value === "bigint") {
    const number = Number(value);
    return BigInt(number) === value ? number : String(value);
  }
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (Array.isArray(value)) return value.map(plain);
  return value;
}

async function withFile<T>(path: string, use: (file: AsyncBuffer) => Promise<T>): Promise<T> {
  try {
    const { size } = statSync(path);
    // Each piece by itself: where one column fails, pieces of others may be asked for later.
    return await use({ byteLength: size, slice: async (from, to = size) => bytesOf(path, from, to, size) });
  } catch (error) {
    if (error instanceof TableError) throw error;
    if ((error as { code?: unknown }).code !== undefined) throw unreadable(path, error);
    throw damaged(path, error instanceof Error ? error.message : String(error));
  }
}

function bytesOf(path: string, from: number, to: number, size: number): ArrayBuffer {
  if (!(from >= 0 && from <= to && to <= size))
    throw new Error(`bytes ${from} to ${to} of ${size} are named`);
  const bytes = new Uint8Array(to - from);
  const file = openSync(path, "r");
  try {
    for (let at = 0; at < bytes.length; ) {
      const read = readSync(file, bytes, at, bytes.length - at, from + at);
      if (read === 0) throw new Error("it became shorter while it was read");
      at += read;
    }
  } finally {
    closeSync(file);
  }
  return bytes.buffer;
}

function damaged(path: string, reason: string): TableError {
  return new TableError(nameOf(path), null, null, `not a whole Parquet file: ${reason}`);
}

type Unpack = (bytes: Uint8Array) => Uint8Array;
// Node.js has it from 22.15 on.
const { zstdDecompressSync } = zlib as { zstdDecompressSync?: Unpack };

const compressors: Compressors = {
  GZIP: (bytes, length) => gunzipSync(bytes, { maxOutputLength: Math.max(1, length) }),
  BROTLI: (bytes, length) => brotliDecompressSync(bytes, { maxOutputLength: Math.max(1, length) }),
  ...(zstdDecompressSync ? { ZSTD: (bytes: Uint8Array) => zstdDecompressSync(bytes) } : {}),
};
