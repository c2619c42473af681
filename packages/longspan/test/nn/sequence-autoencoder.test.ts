import {
  adam,
  applyUpdates,
  chain,
  checkDerivatives,
  concat,
  crossEntropyMean,
  embedding,
  gather,
  gru,
  Key,
  linear,
  lstm,
  mul,
  onCpu,
  recurrent,
  scope,
  sequenceAutoencoder,
  stacked,
  sum,
  tanh,
  tensor,
  unfold,
  type Value,
  valueAndGrad,
} from "longspan";
import { describe, expect, test } from "vitest";
import { difference, normals, numbers, randomLike } from "./plain.js";

const structure = chain([2, 0, 4, 1]);
const x = normals(Key.of(1), structure.nodes, 2);
const parts = {
  encoder: recurrent(gru({ input: 2, hidden: 3 })),
  cell: lstm,
  hidden: 4,
  code: { features: 3 },
  output: 2,
};
const ways = {
  "from the code alone": sequenceAutoencoder(parts),
  "from the step before, with the code at every step": sequenceAutoencoder({
    ...parts,
    reads: 2,
    everyStep: true,
  }),
  "from the step before, in reverse": sequenceAutoencoder({ ...parts, reads: 2, reversed: true }),
};

describe.each(Object.entries(ways))("giving sequences back %s", (name, net) => {
  const params = randomLike(net.init(Key.of(1), "float64"), Key.of(2), 0.5);
  test("by hand", () => {
    const { output, code } = net.apply(params, x, structure);
    const C = parts.encoder.apply(params.encoder, x, structure).final.h;
    expect(numbers(code)).toEqual(numbers(C));
    const slot = (of: { W: Value; b: Value }) => tanh(linear({ input: 3, output: 4 }).apply(of as never, C));
    const reversed = name.endsWith("reverse");
    const [reads, everyStep] = [name !== "from the code alone", !reversed];
    // What each step reads: the row before it, zeros at the first, and the code.
    const rows = Array.from({ length: structure.nodes }, () => [0, 0]);
    for (const s of [0, 2, 3]) {
      const own = structure.rowsOf(s);
      if (reversed) own.reverse();
      own.slice(1).forEach((row, i) => {
        rows[row] = numbers(x).slice(2 * own[i]!, 2 * own[i]! + 2);
      });
    }
    const codes = gather(C, tensor(Array.from(structure.parts.sequenceOf), "int32"));
    const joined = [...(reads ? [tensor(rows, "float64")] : []), ...(everyStep ? [codes] : [])];
    const { output: h } = unfold(
      lstm({ input: (reads ? 2 : 0) + (everyStep ? 3 : 0), hidden: 4 }),
      params.decoder.cell,
      { x: concat(joined) },
      reversed ? chain([2, 0, 4, 1], { reverse: true }) : structure,
      { initial: { h: slot(params.first.h!), s: slot(params.first.s!) } },
    );
    const expected = linear({ input: 4, output: 2 }).apply(params.readout, h);
    expect(difference(numbers(output), numbers(expected))).toBeLessThan(1e-14);
    expect(numbers(net.decode(params, net.encode(params, x, structure), structure, x))).toEqual(
      numbers(output),
    );
  });
  test("with the derivatives of its values", () => {
    const f = (p: { params: typeof params; x: Value }) => {
      const { output } = net.apply(p.params, p.x, structure);
      return sum(mul(output, normals(Key.of(3), ...output.shape)));
    };
    expect(scope(() => checkDerivatives(f as never, { params, x } as never).first)).toBeLessThan(1e-6);
  });
});

test("it learns to give back symbols from a code that is large enough, sequences of one length or another", () => {
  const words = embedding({ vocabulary: 4, features: 4 });
  const net = sequenceAutoencoder({
    encoder: stacked([words, recurrent(gru({ input: 4, hidden: 24 }))]),
    cell: gru,
    hidden: 24,
    code: { features: 24 },
    output: 4,
  });
  // All sequences of one, two and three of four symbols.
  const all = [1, 2, 3].flatMap((n) =>
    Array.from({ length: 4 ** n }, (_, i) => Array.from({ length: n }, (_, t) => Math.floor(i / 4 ** t) % 4)),
  );
  const over = chain(all.map((s) => s.length));
  const symbols = over.pack(tensor(all.flat(), "int32"));
  const rule = adam({ learningRate: 0.01 });
  let p = net.init(Key.of(1));
  let state = rule.init(p);
  for (let step = 0; step < 250; step++) {
    const next = scope(() => {
      const { grads } = valueAndGrad((q: typeof p) =>
        crossEntropyMean(net.apply(q, symbols, over).output, symbols),
      )(p);
      const update = rule.update(grads, state, p);
      return { p: applyUpdates(p, update.updates), state: update.state };
    });
    p = next.p;
    state = next.state;
  }
  const { output } = net.apply(p, symbols, over);
  const given = onCpu(symbols).toArray();
  const logits = numbers(output);
  const right = given.filter((y, row) => {
    const of = logits.slice(4 * row, 4 * row + 4);
    return of.indexOf(Math.max(...of)) === y;
  });
  expect(right.length / given.length).toBeGreaterThan(0.97);
});

test("codes and sequences are as many, and a code is as wide as it says", () => {
  const net = sequenceAutoencoder(parts);
  const params = net.init(Key.of(1), "float64");
  expect(() => net.decode(params, net.encode(params, x, structure), chain([1]))).toThrow(
    "sequenceAutoencoder.decode: there are 4 codes and 1 sequences to give back",
  );
  const wide = sequenceAutoencoder({ ...parts, code: { features: 5 } });
  expect(() => wide.apply(wide.init(Key.of(1), "float64"), x, structure)).toThrow(
    "sequenceAutoencoder: the code is [4, 3], expected [4, 5], [sequences, features]",
  );
});
