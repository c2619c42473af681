import {
  chain,
  concat,
  gru,
  gruResetAfter,
  identity,
  Key,
  lstm,
  minimalGatedUnit,
  neg,
  type ParamsOf,
  rnn,
  sigmoid as sigmoidOf,
  slice,
  tensor,
  unfold,
  type Value,
} from "longspan";
import { describe, expect, test } from "vitest";
import { difference, normals, numbers, product, randomLike, rows, sigmoid, type Vector } from "./plain.js";

const input = 3;
const hidden = 4;
const lengths = [5, 2, 0, 4];
const total = 11;

/**
 * Each sequence by itself, step after step, in plain numbers: outputs laid sequence after sequence, and final
 * states.
 */
function runPlain(
  x: Vector[],
  initial: Vector[][],
  step: (x: Vector, state: Vector[]) => Vector[],
): { outputs: Vector; final: Vector[] } {
  const outputs: Vector = [];
  const final: Vector[] = [];
  let at = 0;
  lengths.forEach((length, b) => {
    let state = initial[b]!;
    for (let t = 0; t < length; t++) {
      state = step(x[at++]!, state);
      outputs.push(...state[0]!);
    }
    state.forEach((v, s) => {
      final[s] = [...(final[s] ?? []), ...v];
    });
  });
  return { outputs, final };
}

const structure = chain(lengths);
const x = normals(Key.of(1), total, input);
const h0 = normals(Key.of(2), lengths.length, hidden);
const s0 = normals(Key.of(3), lengths.length, hidden);
const plainX = rows(x);
const units = Array.from({ length: hidden }, (_, i) => i);
const oneState = rows(h0).map((h) => [h]);
const twoStates = rows(h0).map((h, b) => [h, rows(s0)[b]!]);

/** Column of unit i in gate g. */
const column = (g: number, i: number) => g * hidden + i;

describe("against the equations in plain numbers", () => {
  test.each(["tanh", "relu"] as const)("rnn, %s: (10.8), (10.9)", (activation) => {
    const cell = rnn({ input, hidden, activation });
    const params = randomLike(cell.init(Key.of(4), "float64"), Key.of(5));
    const { output, final } = unfold(cell, params, { x: structure.pack(x) }, structure, {
      initial: { h: h0 },
    });
    const [U, W, b] = [rows(params.U), rows(params.W), numbers(params.b)];
    const squash = activation === "tanh" ? Math.tanh : (v: number) => Math.max(v, 0);
    const plain = runPlain(plainX, oneState, (x, [h]) => [
      units.map((i) => squash(b[i]! + product(h!, W, i) + product(x, U, i))),
    ]);
    expect(difference(numbers(structure.unpack(output)), plain.outputs)).toBeLessThan(1e-12);
    expect(difference(numbers(final.h), plain.final[0]!)).toBeLessThan(1e-12);
  });

  test.each([
    ["tanh for the input, unless given", undefined, Math.tanh],
    ["a sigmoid for the input, as printed", sigmoidOf, sigmoid],
  ] as const)("lstm: (10.40) to (10.44) with %s", (_, squash, plainSquash) => {
    const cell = lstm({ input, hidden, ...(squash ? { squash } : {}) });
    const params = randomLike(cell.init(Key.of(4), "float64"), Key.of(5));
    const { output, final } = unfold(cell, params, { x: structure.pack(x) }, structure, {
      initial: { h: h0, s: s0 },
    });
    const [U, W, b] = [rows(params.U), rows(params.W), numbers(params.b)];
    const plain = runPlain(plainX, twoStates, (x, [h, s]) => {
      const a = (g: number, i: number) =>
        b[column(g, i)]! + product(x, U, column(g, i)) + product(h!, W, column(g, i));
      const kept = units.map((i) => sigmoid(a(0, i)) * s![i]! + sigmoid(a(1, i)) * plainSquash(a(2, i)));
      return [units.map((i) => Math.tanh(kept[i]!) * sigmoid(a(3, i))), kept];
    });
    expect(difference(numbers(structure.unpack(output)), plain.outputs)).toBeLessThan(1e-12);
    expect(difference(numbers(final.h), plain.final[0]!)).toBeLessThan(1e-12);
    expect(difference(numbers(final.s), plain.final[1]!)).toBeLessThan(1e-12);
  });

  test("lstm, coupled: what is not forgotten is not written", () => {
    const cell = lstm({ input, hidden, coupled: true });
    const params = randomLike(cell.init(Key.of(4), "float64"), Key.of(5));
    const { output, final } = unfold(cell, params, { x: structure.pack(x) }, structure, {
      initial: { h: h0, s: s0 },
    });
    const [U, W, b] = [rows(params.U), rows(params.W), numbers(params.b)];
    const plain = runPlain(plainX, twoStates, (x, [h, s]) => {
      const a = (g: number, i: number) =>
        b[column(g, i)]! + product(x, U, column(g, i)) + product(h!, W, column(g, i));
      const kept = units.map((i) => {
        const forget = sigmoid(a(0, i));
        return forget * s![i]! + (1 - forget) * Math.tanh(a(1, i));
      });
      return [units.map((i) => Math.tanh(kept[i]!) * sigmoid(a(2, i))), kept];
    });
    expect(difference(numbers(structure.unpack(output)), plain.outputs)).toBeLessThan(1e-12);
    expect(difference(numbers(final.h), plain.final[0]!)).toBeLessThan(1e-12);
    expect(difference(numbers(final.s), plain.final[1]!)).toBeLessThan(1e-12);
  });

  test("lstm, projected: fewer units are read again than are kept", () => {
    const projection = 2;
    const cell = lstm({ input, hidden, projection });
    const params = randomLike(cell.init(Key.of(4), "float64"), Key.of(5));
    const r0 = normals(Key.of(8), lengths.length, projection);
    const { output, final } = unfold(cell, params, { x: structure.pack(x) }, structure, {
      initial: { h: r0, s: s0 },
    });
    const [U, W, b, P] = [rows(params.U), rows(params.W), numbers(params.b), rows(params.P)];
    const initial = rows(r0).map((h, k) => [h, rows(s0)[k]!]);
    const plain = runPlain(plainX, initial, (x, [h, s]) => {
      const a = (g: number, i: number) =>
        b[column(g, i)]! + product(x, U, column(g, i)) + product(h!, W, column(g, i));
      const kept = units.map((i) => sigmoid(a(0, i)) * s![i]! + sigmoid(a(1, i)) * Math.tanh(a(2, i)));
      const out = units.map((i) => Math.tanh(kept[i]!) * sigmoid(a(3, i)));
      return [[0, 1].map((j) => product(out, P, j)), kept];
    });
    expect(difference(numbers(structure.unpack(output)), plain.outputs)).toBeLessThan(1e-12);
    expect(difference(numbers(final.h), plain.final[0]!)).toBeLessThan(1e-12);
    expect(difference(numbers(final.s), plain.final[1]!)).toBeLessThan(1e-12);
  });

  test("lstm with peepholes: old state into the forget and input gates, new state into the output gate", () => {
    const cell = lstm({ input, hidden, peepholes: true });
    const params = randomLike(cell.init(Key.of(4), "float64"), Key.of(5));
    const { output, final } = unfold(cell, params, { x: structure.pack(x) }, structure, {
      initial: { h: h0, s: s0 },
    });
    const [U, W, b, p] = [rows(params.U), rows(params.W), numbers(params.b), numbers(params.p)];
    const plain = runPlain(plainX, twoStates, (x, [h, s]) => {
      const a = (g: number, i: number) =>
        b[column(g, i)]! + product(x, U, column(g, i)) + product(h!, W, column(g, i));
      const kept = units.map((i) => {
        const forget = sigmoid(a(0, i) + p[column(0, i)]! * s![i]!);
        const write = sigmoid(a(1, i) + p[column(1, i)]! * s![i]!);
        return forget * s![i]! + write * Math.tanh(a(2, i));
      });
      return [units.map((i) => Math.tanh(kept[i]!) * sigmoid(a(3, i) + p[column(2, i)]! * kept[i]!)), kept];
    });
    expect(difference(numbers(structure.unpack(output)), plain.outputs)).toBeLessThan(1e-12);
    expect(difference(numbers(final.h), plain.final[0]!)).toBeLessThan(1e-12);
    expect(difference(numbers(final.s), plain.final[1]!)).toBeLessThan(1e-12);
  });

  test("gru: (10.45) to (10.47), the reset before the product", () => {
    const cell = gru({ input, hidden });
    const params = randomLike(cell.init(Key.of(4), "float64"), Key.of(5));
    const { output, final } = unfold(cell, params, { x: structure.pack(x) }, structure, {
      initial: { h: h0 },
    });
    const [U, W, Wtarget, b] = [rows(params.U), rows(params.W), rows(params.Wtarget), numbers(params.b)];
    const plain = runPlain(plainX, oneState, (x, [h]) => {
      const read = (g: number, i: number) => b[column(g, i)]! + product(x, U, column(g, i));
      const gate = (g: number, i: number) => sigmoid(read(g, i) + product(h!, W, column(g, i)));
      const reset = units.map((i) => gate(1, i) * h![i]!);
      return [
        units.map((i) => {
          const u = gate(0, i);
          return u * h![i]! + (1 - u) * Math.tanh(read(2, i) + product(reset, Wtarget, i));
        }),
      ];
    });
    expect(difference(numbers(structure.unpack(output)), plain.outputs)).toBeLessThan(1e-12);
    expect(difference(numbers(final.h), plain.final[0]!)).toBeLessThan(1e-12);
  });

  test("gruResetAfter: the reset after the product", () => {
    const cell = gruResetAfter({ input, hidden });
    const params = randomLike(cell.init(Key.of(4), "float64"), Key.of(5));
    const { output } = unfold(cell, params, { x: structure.pack(x) }, structure, { initial: { h: h0 } });
    const [U, W, b, c] = [rows(params.U), rows(params.W), numbers(params.b), numbers(params.c)];
    const plain = runPlain(plainX, oneState, (x, [h]) => {
      const read = (g: number, i: number) => b[column(g, i)]! + product(x, U, column(g, i));
      const recur = (g: number, i: number) => product(h!, W, column(g, i));
      return [
        units.map((i) => {
          const u = sigmoid(read(0, i) + recur(0, i));
          const r = sigmoid(read(1, i) + recur(1, i));
          return u * h![i]! + (1 - u) * Math.tanh(read(2, i) + r * (c[i]! + recur(2, i)));
        }),
      ];
    });
    expect(difference(numbers(structure.unpack(output)), plain.outputs)).toBeLessThan(1e-12);
  });

  test("minimalGatedUnit: one gate that writes and chooses what the candidate sees", () => {
    const cell = minimalGatedUnit({ input, hidden });
    const params = randomLike(cell.init(Key.of(4), "float64"), Key.of(5));
    const { output, final } = unfold(cell, params, { x: structure.pack(x) }, structure, {
      initial: { h: h0 },
    });
    const [U, W, Wtarget, b] = [rows(params.U), rows(params.W), rows(params.Wtarget), numbers(params.b)];
    const plain = runPlain(plainX, oneState, (x, [h]) => {
      const read = (g: number, i: number) => b[column(g, i)]! + product(x, U, column(g, i));
      const f = units.map((i) => sigmoid(read(0, i) + product(h!, W, i)));
      const seen = h!.map((v, i) => f[i]! * v);
      return [
        units.map((i) => (1 - f[i]!) * h![i]! + f[i]! * Math.tanh(read(1, i) + product(seen, Wtarget, i))),
      ];
    });
    expect(difference(numbers(structure.unpack(output)), plain.outputs)).toBeLessThan(1e-12);
    expect(difference(numbers(final.h), plain.final[0]!)).toBeLessThan(1e-12);
  });
});

describe("variants", () => {
  test("peepholes of zero give the LSTM", () => {
    const config = { input, hidden };
    const params = lstm({ ...config, peepholes: true }).init(Key.of(6), "float64");
    const { p: _, ...rest } = params;
    const with_ = unfold(lstm({ ...config, peepholes: true }), params, { x }, structure);
    const without = unfold(lstm(config), rest, { x }, structure);
    expect(numbers(with_.output)).toEqual(numbers(without.output));
  });

  test("coupled gates are an input gate with the negative weights of the forget gate", () => {
    const config = { input, hidden };
    const params = randomLike(lstm({ ...config, coupled: true }).init(Key.of(6), "float64"), Key.of(7));
    const uncoupled = <T extends Value>(p: T): T => {
      const axis = p.rank - 1;
      const forget = slice(p, axis, 0, hidden);
      return concat([forget, neg(forget), slice(p, axis, hidden, 3 * hidden)], axis) as Value as T;
    };
    const { U, W, b } = params;
    const both = { U: uncoupled(U), W: uncoupled(W), b: uncoupled(b) };
    const initial = { h: h0, s: s0 };
    const coupled = unfold(lstm({ ...config, coupled: true }), params, { x }, structure, { initial });
    const full = unfold(lstm(config), both, { x }, structure, { initial });
    expect(difference(numbers(coupled.output), numbers(full.output))).toBeLessThan(1e-14);
  });

  test("a projection that changes nothing gives the LSTM", () => {
    const config = { input, hidden };
    const { P: _, ...params } = lstm({ ...config, projection: hidden }).init(Key.of(6), "float64");
    const eye = identity(hidden);
    const P = eye.initialise(Key.of(1), eye.shape, "float64");
    const cell = lstm({ ...config, projection: hidden });
    const projected = unfold(cell, { ...params, P }, { x }, structure);
    const plain = unfold(lstm(config), params, { x }, structure);
    expect(difference(numbers(projected.output), numbers(plain.output))).toBeLessThan(1e-14);
  });

  test("the reset before and after the product differ, on the same weights", () => {
    const config = { input, hidden };
    const before = randomLike(gru(config).init(Key.of(6), "float64"), Key.of(7));
    const after: ParamsOf<ReturnType<typeof gruResetAfter>["specs"]> = {
      U: before.U,
      W: concat([before.W, before.Wtarget]) as typeof before.W,
      b: before.b,
      c: tensor([0, 0, 0, 0], "float64"),
    };
    const one = unfold(gru(config), before, { x }, structure, { initial: { h: h0 } });
    const other = unfold(gruResetAfter(config), after, { x }, structure, { initial: { h: h0 } });
    expect(difference(numbers(one.output), numbers(other.output))).toBeGreaterThan(1e-2);
  });

  test("a sequence of length 0 hands its initial state on", () => {
    const cell = gru({ input, hidden });
    const { final } = unfold(cell, cell.init(Key.of(4), "float64"), { x }, structure, { initial: { h: h0 } });
    expect(rows(final.h)[2]).toEqual(rows(h0)[2]);
  });
});
