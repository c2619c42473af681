import { chain, Key, lstm, type Tensor, unfold, type Value } from "longspan";
import { describe, expect, test } from "vitest";
import { difference, normals, numbers, product, randomLike, rows, sigmoid, type Vector } from "./plain.js";

const [input, hidden, steps] = [3, 4, 5];
const units = Array.from({ length: hidden }, (_, i) => i);
const none = (v: Value) => v;

const gateSettings = [
  {},
  { coupled: true },
  { inputGate: false },
  { forgetGate: false },
  { outputGate: false },
  { inputGate: false, forgetGate: false, outputGate: false },
  { coupled: true, outputGate: false },
];
const variants = gateSettings.flatMap((gates) =>
  [false, true].flatMap((peepholes) =>
    (peepholes && Object.keys(gates).length === 3 ? [] : [undefined, 2]).flatMap((projection) =>
      [false, true].map((squashes) => ({
        ...gates,
        peepholes,
        ...(projection === undefined ? {} : { projection }),
        ...(squashes ? {} : { squash: none, squashOutput: none }),
      })),
    ),
  ),
);

/** The equations of the docstring in plain numbers, gate by gate, with 1 for a gate that is missing. */
function plainLstm(settings: (typeof variants)[number], params: Record<string, Tensor>, x: Vector[]) {
  const { coupled, inputGate, forgetGate, outputGate, peepholes, projection, squash } = {
    coupled: false,
    inputGate: true,
    forgetGate: true,
    outputGate: true,
    squash: undefined,
    ...settings,
  };
  const parts = [forgetGate && "f", inputGate && !coupled && "g", "i", outputGate && "q"].filter(Boolean);
  const [U, W, b] = [rows(params.U!), rows(params.W!), numbers(params.b!)];
  const p = peepholes ? numbers(params.p!) : [];
  const seen = parts.filter((part) => part !== "i");
  const act = squash ? (v: number) => v : Math.tanh;
  let h: Vector = Array.from({ length: projection ?? hidden }, () => 0);
  let s: Vector = units.map(() => 0);
  return x.map((xt) => {
    const before = h;
    const a = (part: string, i: number, state: number) => {
      const column = parts.indexOf(part) * hidden + i;
      const peep = peepholes && part !== "i" ? p[seen.indexOf(part) * hidden + i]! * state : 0;
      return b[column]! + product(xt, U, column) + product(before, W, column) + peep;
    };
    const gate = (part: string, i: number, state: number) =>
      parts.includes(part) ? sigmoid(a(part, i, state)) : 1;
    s = units.map((i) => {
      const f = gate("f", i, s[i]!);
      return f * s[i]! + (coupled ? 1 - f : gate("g", i, s[i]!)) * act(a("i", i, 0));
    });
    const out = units.map((i) => act(s[i]!) * gate("q", i, s[i]!));
    h = projection === undefined ? out : h.map((_, j) => product(out, rows(params.P!), j));
    return [...h, ...s];
  });
}

describe("the variants of the LSTM combine", () => {
  test.each(variants)("%o: the equations in plain numbers", (settings) => {
    const cell = lstm({ input, hidden, ...settings });
    const params = randomLike(cell.init(Key.of(1), "float64"), Key.of(2));
    const x = normals(Key.of(3), steps, input);
    const { final } = unfold(cell, params, { x }, chain([steps]));
    const last = plainLstm(settings, params as unknown as Record<string, Tensor>, rows(x)).at(-1)!;
    expect(difference([...numbers(final.h), ...numbers(final.s)], last)).toBeLessThan(1e-12);
  });

  test("a gate that is missing has no columns, and a gate that is not learned does not start with a bias", () => {
    const shapes = (settings: Parameters<typeof lstm>[0]) =>
      Object.fromEntries(
        Object.entries(lstm(settings).init(Key.of(1))).map(([name, t]) => [name, (t as Tensor).shape]),
      );
    expect(shapes({ input, hidden, coupled: true, peepholes: true, projection: 2 })).toEqual({
      U: [3, 12],
      W: [2, 12],
      b: [12],
      p: [8],
      P: [4, 2],
    });
    expect(shapes({ input, hidden, forgetGate: false })).toEqual({ U: [3, 12], W: [4, 12], b: [12] });
    const bias = (settings: Parameters<typeof lstm>[0]) => numbers(lstm(settings).init(Key.of(1)).b);
    expect(bias({ input, hidden: 1, forgetGate: false })).toEqual([0, 0, 0]);
    expect(bias({ input, hidden: 1, outputGate: false, forgetBias: 2 })).toEqual([2, 0, 0]);
  });

  test("types say which parameters there are", () => {
    const full = lstm({ input, hidden, peepholes: true, projection: 2 }).init(Key.of(1));
    expect([full.p.shape, full.P.shape]).toEqual([[12], [4, 2]]);
    const plain = lstm({ input, hidden }).init(Key.of(1));
    // @ts-expect-error there are no peepholes
    expect(plain.p).toBeUndefined();
    // @ts-expect-error there is no such setting
    expect(() => lstm({ input, hidden, peephole: true })).toThrow(
      "lstm: there is no setting peephole (did you mean peepholes?)",
    );
  });

  test("says which variant it is", () => {
    expect(lstm({ input, hidden }).name).toBe("lstm");
    expect(lstm({ input, hidden, coupled: true, peepholes: true, projection: 2 }).name).toBe(
      "lstm.coupled.peepholes.projection",
    );
    expect(lstm({ input, hidden, inputGate: false, peepholes: false }).name).toBe("lstm.noInputGate");
  });

  test("refuses what does not go together", () => {
    expect(() => lstm({ input, hidden, coupled: true, inputGate: false })).toThrow(
      new TypeError(
        "lstm: coupled gates are a forget gate f and the input gate 1 - f, but inputGate is false; leave out one of the two settings",
      ),
    );
    expect(() => lstm({ input, hidden, coupled: true, forgetGate: false })).toThrow(
      /but forgetGate is false/,
    );
    expect(() => lstm({ input, hidden, forgetGate: false, forgetBias: 1 })).toThrow(
      new TypeError("lstm: forgetBias is that of the forget gate, but forgetGate is false; leave it out"),
    );
    const ungated = { inputGate: false, forgetGate: false, outputGate: false };
    expect(() => lstm({ input, hidden, ...ungated, peepholes: true })).toThrow(
      new TypeError(
        "lstm: peepholes let gates see the cell state, but inputGate, forgetGate and outputGate are false; leave one of them out, or the peepholes",
      ),
    );
  });
});
