import type { BoundView } from "../bound-view.js";
import type { TypedArray } from "../dtype.js";

/**
 * out[r, j] (+)= sum over k of a[r, k] B[k, j] for rows [begin, end).
 *
 * Every element is summed in the order of k in double precision and rounded once, whatever the block that it falls
 * into: a row's result does not depend on which other rows are there. `bk` and `bj` are the strides of B.
 */
export function gemm(
  out: BoundView,
  a: BoundView,
  b: BoundView,
  begin: number,
  end: number,
  k: number,
  n: number,
  transposeB: boolean,
  accumulate: boolean,
): void {
  const bk = transposeB ? 1 : n;
  const bj = transposeB ? k : 1;
  const rowsOut = out.index === null;
  const rowsA = a.index === null;
  let r = begin;
  for (; r + 4 <= end; r += 4) {
    const a0 = rowsA ? a.base + r * a.stride : a.at(r);
    const a1 = rowsA ? a0 + a.stride : a.at(r + 1);
    const a2 = rowsA ? a1 + a.stride : a.at(r + 2);
    const a3 = rowsA ? a2 + a.stride : a.at(r + 3);
    const c0 = rowsOut ? out.base + r * out.stride : out.at(r);
    const c1 = rowsOut ? c0 + out.stride : out.at(r + 1);
    const c2 = rowsOut ? c1 + out.stride : out.at(r + 2);
    const c3 = rowsOut ? c2 + out.stride : out.at(r + 3);
    block4(out.array, a.array, b.array, a0, a1, a2, a3, c0, c1, c2, c3, b.base, bk, bj, k, n, accumulate);
  }
  for (; r < end; r++)
    block1(out.array, a.array, b.array, a.at(r), out.at(r), b.base, 1, bk, bj, k, n, accumulate);
}

/** Dense product of two matrices with free strides: out[m, n] (+)= op(a)[m, k] op(b)[k, n]. */
export function matmul(
  C: TypedArray,
  A: TypedArray,
  B: TypedArray,
  c: number,
  a: number,
  b: number,
  m: number,
  k: number,
  n: number,
  transposeA: boolean,
  transposeB: boolean,
  accumulate: boolean,
): void {
  const ai = transposeA ? 1 : k;
  const ak = transposeA ? m : 1;
  const bk = transposeB ? 1 : n;
  const bj = transposeB ? k : 1;
  let i = 0;
  if (ak === 1) {
    for (; i + 4 <= m; i += 4) {
      const a0 = a + i * ai;
      const c0 = c + i * n;
      block4(
        C,
        A,
        B,
        a0,
        a0 + ai,
        a0 + 2 * ai,
        a0 + 3 * ai,
        c0,
        c0 + n,
        c0 + 2 * n,
        c0 + 3 * n,
        b,
        bk,
        bj,
        k,
        n,
        accumulate,
      );
    }
  }
  for (; i < m; i++) block1(C, A, B, a + i * ai, c + i * n, b, ak, bk, bj, k, n, accumulate);
}

function block4(
  C: TypedArray,
  A: TypedArray,
  B: TypedArray,
  a0: number,
  a1: number,
  a2: number,
  a3: number,
  c0: number,
  c1: number,
  c2: number,
  c3: number,
  b0: number,
  bk: number,
  bj: number,
  K: number,
  N: number,
  accumulate: boolean,
): void {
  const bj2 = 2 * bj;
  const bj3 = 3 * bj;
  let j = 0;
  for (; j + 4 <= N; j += 4) {
    let b = b0 + j * bj;
    let s00 = 0;
    let s01 = 0;
    let s02 = 0;
    let s03 = 0;
    let s10 = 0;
    let s11 = 0;
    let s12 = 0;
    let s13 = 0;
    let s20 = 0;
    let s21 = 0;
    let s22 = 0;
    let s23 = 0;
    let s30 = 0;
    let s31 = 0;
    let s32 = 0;
    let s33 = 0;
    for (let k = 0; k < K; k++, b += bk) {
      const x0 = A[a0 + k]!;
      const x1 = A[a1 + k]!;
      const x2 = A[a2 + k]!;
      const x3 = A[a3 + k]!;
      const y0 = B[b]!;
      const y1 = B[b + bj]!;
      const y2 = B[b + bj2]!;
      const y3 = B[b + bj3]!;
      s00 += x0 * y0;
      s01 += x0 * y1;
      s02 += x0 * y2;
      s03 += x0 * y3;
      s10 += x1 * y0;
      s11 += x1 * y1;
      s12 += x1 * y2;
      s13 += x1 * y3;
      s20 += x2 * y0;
      s21 += x2 * y1;
      s22 += x2 * y2;
      s23 += x2 * y3;
      s30 += x3 * y0;
      s31 += x3 * y1;
      s32 += x3 * y2;
      s33 += x3 * y3;
    }
    if (accumulate) {
      s00 += C[c0 + j]!;
      s01 += C[c0 + j + 1]!;
      s02 += C[c0 + j + 2]!;
      s03 += C[c0 + j + 3]!;
      s10 += C[c1 + j]!;
      s11 += C[c1 + j + 1]!;
      s12 += C[c1 + j + 2]!;
      s13 += C[c1 + j + 3]!;
      s20 += C[c2 + j]!;
      s21 += C[c2 + j + 1]!;
      s22 += C[c2 + j + 2]!;
      s23 += C[c2 + j + 3]!;
      s30 += C[c3 + j]!;
      s31 += C[c3 + j + 1]!;
      s32 += C[c3 + j + 2]!;
      s33 += C[c3 + j + 3]!;
    }
    C[c0 + j] = s00;
    C[c0 + j + 1] = s01;
    C[c0 + j + 2] = s02;
    C[c0 + j + 3] = s03;
    C[c1 + j] = s10;
    C[c1 + j + 1] = s11;
    C[c1 + j + 2] = s12;
    C[c1 + j + 3] = s13;
    C[c2 + j] = s20;
    C[c2 + j + 1] = s21;
    C[c2 + j + 2] = s22;
    C[c2 + j + 3] = s23;
    C[c3 + j] = s30;
    C[c3 + j + 1] = s31;
    C[c3 + j + 2] = s32;
    C[c3 + j + 3] = s33;
  }
  for (; j < N; j++) {
    let b = b0 + j * bj;
    let s0 = 0;
    let s1 = 0;
    let s2 = 0;
    let s3 = 0;
    for (let k = 0; k < K; k++, b += bk) {
      const y = B[b]!;
      s0 += A[a0 + k]! * y;
      s1 += A[a1 + k]! * y;
      s2 += A[a2 + k]! * y;
      s3 += A[a3 + k]! * y;
    }
    C[c0 + j] = accumulate ? s0 + C[c0 + j]! : s0;
    C[c1 + j] = accumulate ? s1 + C[c1 + j]! : s1;
    C[c2 + j] = accumulate ? s2 + C[c2 + j]! : s2;
    C[c3 + j] = accumulate ? s3 + C[c3 + j]! : s3;
  }
}

function block1(
  C: TypedArray,
  A: TypedArray,
  B: TypedArray,
  a0: number,
  c0: number,
  b0: number,
  ak: number,
  bk: number,
  bj: number,
  K: number,
  N: number,
  accumulate: boolean,
): void {
  let j = 0;
  for (; j + 4 <= N; j += 4) {
    let b = b0 + j * bj;
    let a = a0;
    let s0 = 0;
    let s1 = 0;
    let s2 = 0;
    let s3 = 0;
    for (let k = 0; k < K; k++, b += bk, a += ak) {
      const x = A[a]!;
      s0 += x * B[b]!;
      s1 += x * B[b + bj]!;
      s2 += x * B[b + 2 * bj]!;
      s3 += x * B[b + 3 * bj]!;
    }
    C[c0 + j] = accumulate ? s0 + C[c0 + j]! : s0;
    C[c0 + j + 1] = accumulate ? s1 + C[c0 + j + 1]! : s1;
    C[c0 + j + 2] = accumulate ? s2 + C[c0 + j + 2]! : s2;
    C[c0 + j + 3] = accumulate ? s3 + C[c0 + j + 3]! : s3;
  }
  for (; j < N; j++) {
    let b = b0 + j * bj;
    let a = a0;
    let s = 0;
    for (let k = 0; k < K; k++, b += bk, a += ak) s += A[a]! * B[b]!;
    C[c0 + j] = accumulate ? s + C[c0 + j]! : s;
  }
}

/** Rows of A and B that are summed before the partial sums go back to memory: both panels then stay in cache. */
const outerBlock = 128;

/** out[i, j] (+)= sum over rows r in [begin, end) of a[r, i] b[r, j], in row order. */
export function outerSum(
  out: BoundView,
  a: BoundView,
  b: BoundView,
  begin: number,
  end: number,
  m: number,
  n: number,
  accumulate: boolean,
): void {
  const C = out.array;
  if (begin >= end && !accumulate) C.fill(0, out.base, out.base + m * n);
  const starts = outerStarts;
  for (let r0 = begin; r0 < end; r0 += outerBlock) {
    const rows = Math.min(outerBlock, end - r0);
    for (let r = 0; r < rows; r++) {
      starts[2 * r] = a.at(r0 + r);
      starts[2 * r + 1] = b.at(r0 + r);
    }
    const add = accumulate || r0 > begin;
    let i = 0;
    for (; i + 4 <= m; i += 4) outerRows4(C, a.array, b.array, starts, rows, i, out.base + i * n, n, add);
    for (; i < m; i++) outerRow1(C, a.array, b.array, starts, rows, i, out.base + i * n, n, add);
  }
}

const outerStarts = new Int32Array(2 * outerBlock);

function outerRows4(
  C: TypedArray,
  A: TypedArray,
  B: TypedArray,
  starts: Int32Array,
  rows: number,
  i: number,
  c: number,
  n: number,
  add: boolean,
): void {
  let j = 0;
  for (; j + 4 <= n; j += 4) {
    let s00 = 0;
    let s01 = 0;
    let s02 = 0;
    let s03 = 0;
    let s10 = 0;
    let s11 = 0;
    let s12 = 0;
    let s13 = 0;
    let s20 = 0;
    let s21 = 0;
    let s22 = 0;
    let s23 = 0;
    let s30 = 0;
    let s31 = 0;
    let s32 = 0;
    let s33 = 0;
    for (let r = 0; r < rows; r++) {
      const a = starts[2 * r]! + i;
      const b = starts[2 * r + 1]! + j;
      const x0 = A[a]!;
      const x1 = A[a + 1]!;
      const x2 = A[a + 2]!;
      const x3 = A[a + 3]!;
      const y0 = B[b]!;
      const y1 = B[b + 1]!;
      const y2 = B[b + 2]!;
      const y3 = B[b + 3]!;
      s00 += x0 * y0;
      s01 += x0 * y1;
      s02 += x0 * y2;
      s03 += x0 * y3;
      s10 += x1 * y0;
      s11 += x1 * y1;
      s12 += x1 * y2;
      s13 += x1 * y3;
      s20 += x2 * y0;
      s21 += x2 * y1;
      s22 += x2 * y2;
      s23 += x2 * y3;
      s30 += x3 * y0;
      s31 += x3 * y1;
      s32 += x3 * y2;
      s33 += x3 * y3;
    }
    const c0 = c + j;
    const c1 = c0 + n;
    const c2 = c1 + n;
    const c3 = c2 + n;
    if (add) {
      s00 += C[c0]!;
      s01 += C[c0 + 1]!;
      s02 += C[c0 + 2]!;
      s03 += C[c0 + 3]!;
      s10 += C[c1]!;
      s11 += C[c1 + 1]!;
      s12 += C[c1 + 2]!;
      s13 += C[c1 + 3]!;
      s20 += C[c2]!;
      s21 += C[c2 + 1]!;
      s22 += C[c2 + 2]!;
      s23 += C[c2 + 3]!;
      s30 += C[c3]!;
      s31 += C[c3 + 1]!;
      s32 += C[c3 + 2]!;
      s33 += C[c3 + 3]!;
    }
    C[c0] = s00;
    C[c0 + 1] = s01;
    C[c0 + 2] = s02;
    C[c0 + 3] = s03;
    C[c1] = s10;
    C[c1 + 1] = s11;
    C[c1 + 2] = s12;
    C[c1 + 3] = s13;
    C[c2] = s20;
    C[c2 + 1] = s21;
    C[c2 + 2] = s22;
    C[c2 + 3] = s23;
    C[c3] = s30;
    C[c3 + 1] = s31;
    C[c3 + 2] = s32;
    C[c3 + 3] = s33;
  }
  for (; j < n; j++) {
    for (let q = 0; q < 4; q++) {
      let s = 0;
      for (let r = 0; r < rows; r++) s += A[starts[2 * r]! + i + q]! * B[starts[2 * r + 1]! + j]!;
      const at = c + q * n + j;
      C[at] = add ? s + C[at]! : s;
    }
  }
}

function outerRow1(
  C: TypedArray,
  A: TypedArray,
  B: TypedArray,
  starts: Int32Array,
  rows: number,
  i: number,
  c: number,
  n: number,
  add: boolean,
): void {
  for (let j = 0; j < n; j++) {
    let s = 0;
    for (let r = 0; r < rows; r++) s += A[starts[2 * r]! + i]! * B[starts[2 * r + 1]! + j]!;
    C[c + j] = add ? s + C[c + j]! : s;
  }
}
