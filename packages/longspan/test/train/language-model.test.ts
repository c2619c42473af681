import {
  cellTable,
  chain,
  type DType,
  gruResetAfter,
  Key,
  type LanguageModelCell,
  type LanguageModelConfig,
  type LanguageModelParams,
  languageModel,
  leafEntries,
  logConditionals,
  logLikelihood,
  lstm,
  onCpu,
  recurrent,
  sampleSymbols,
  tensor,
  valueAndGrad,
} from "longspan";
import { describe, expect, it } from "vitest";
import { libraryCells } from "../../../../tests/library-cells.js";
import { settled } from "../../../../tests/settled.js";

const chainCells = libraryCells("chains", { input: 1, hidden: 1 }).map(([name]) => name as LanguageModelCell);
const sizes = { vocabulary: 3, features: 2, hidden: 4 };

/** A model whose weights are large enough for its conditionals to differ. */
function build(config: Partial<LanguageModelConfig> = {}, dtype: DType = "float64") {
  const model = languageModel({ ...sizes, ...config });
  const params = model.init(Key.of(3), dtype);
  for (const [path, p] of leafEntries(params))
    (p as ReturnType<typeof tensor>).write(
      onCpu(p)
        .toArray()
        .map((x, i) => (path === "readout.b" ? [0.5, -1, 0.2][i]! : 3 * x)),
    );
  return { model, params };
}

const texts = (length: number): number[][] =>
  length === 0 ? [[]] : texts(length - 1).flatMap((t) => [0, 1, 2].map((s) => [...t, s]));

async function drawn(
  { model, params }: ReturnType<typeof build>,
  options: { seed: number; length: number; temperature?: number; prompt?: number[] },
): Promise<number[]> {
  const { seed, ...rest } = options;
  const out: number[] = [];
  for await (const s of sampleSymbols(model, params, { key: Key.of(seed), ...rest })) out.push(s);
  return out;
}

describe("the probability of a text", () => {
  for (const cell of chainCells)
    it(`${cell}: those of all texts of one length add up to 1`, () => {
      const projected = cellTable[cell].projects ? { projection: 2 } : {};
      const { model, params } = build({ ...projected, cell, layers: 2 });
      for (const length of [1, 3]) {
        const total = texts(length)
          .map((t) => Math.exp(onCpu(logLikelihood(model, params, tensor(t, "int32"))).item()))
          .reduce((a, b) => a + b);
        expect(Math.abs(total - 1)).toBeLessThan(1e-12);
      }
    });

  it("is the product of conditionals that depend on what came before only", () => {
    const { model, params } = build();
    const all = [...onCpu(logConditionals(model, params, tensor([2, 0, 1, 1], "int32"))).toArray()];
    const some = [...onCpu(logConditionals(model, params, tensor([2, 0, 2], "int32"))).toArray()];
    expect(all.slice(0, 2)).toEqual(some.slice(0, 2));
    const whole = onCpu(logLikelihood(model, params, tensor([2, 0, 1, 1], "int32"))).item();
    expect(Math.abs(whole - all.reduce((a, b) => a + b))).toBeLessThan(1e-12);
  });

  it("the first symbol's is the softmax of the output bias; no text has probability 1", () => {
    const { model, params } = build();
    const [first] = onCpu(logConditionals(model, params, tensor([1], "int32"))).toArray();
    const e = [0.5, -1, 0.2].map(Math.exp);
    expect(first).toBeCloseTo(Math.log(e[1]! / (e[0]! + e[1]! + e[2]!)), 12);
    expect(onCpu(logLikelihood(model, params, tensor([], "int32"))).item()).toBe(0);
  });

  it("is differentiable", () => {
    const { model, params } = build();
    const text = tensor([2, 0, 1], "int32");
    const { grads } = valueAndGrad((p: LanguageModelParams) => logLikelihood(model, p, text))(params);
    const h = 1e-6;
    const [b] = [params.readout.b];
    const at = onCpu(b).toArray();
    const value = (d: number) => {
      b.write(at.map((x, i) => (i === 1 ? x + d : x)));
      return onCpu(logLikelihood(model, params, text)).item();
    };
    const slope = (value(h) - value(-h)) / (2 * h);
    expect(onCpu(grads.readout.b).toArray()[1]).toBeCloseTo(slope, 7);
  });
});

describe("sampling", () => {
  it("draws texts as often as they are probable", async () => {
    const built = build();
    const n = 3000;
    const counts = new Map<string, number>();
    for (let seed = 0; seed < n; seed++) {
      const text = (await drawn(built, { seed, length: 3 })).join("");
      counts.set(text, (counts.get(text) ?? 0) + 1);
    }
    let chiSquare = 0;
    for (const t of texts(3)) {
      const expected =
        n * Math.exp(onCpu(logLikelihood(built.model, built.params, tensor(t, "int32"))).item());
      chiSquare += ((counts.get(t.join("")) ?? 0) - expected) ** 2 / expected;
    }
    // 26 degrees of freedom: above 54.05 once in a thousand.
    expect(chiSquare).toBeLessThan(54.05);
  });

  it("the same key gives the same text, and a shorter text is the beginning of a longer one", async () => {
    const built = build();
    const text = await drawn(built, { seed: 5, length: 40 });
    expect(await drawn(built, { seed: 5, length: 40 })).toEqual(text);
    expect(await drawn(built, { seed: 5, length: 10 })).toEqual(text.slice(0, 10));
    expect(await drawn(built, { seed: 6, length: 40 })).not.toEqual(text);
  });

  it("at temperature 0, each symbol is the most probable after the prompt", async () => {
    const built = build();
    const prompt = [2, 2, 0];
    const text = await drawn(built, { seed: 1, length: 5, temperature: 0, prompt });
    for (let i = 0; i < text.length; i++) {
      const before = [...prompt, ...text.slice(0, i)];
      const last = [0, 1, 2].map(
        (s) =>
          onCpu(logConditionals(built.model, built.params, tensor([...before, s], "int32")))
            .toArray()
            .at(-1)!,
      );
      expect(text[i]).toBe(last.indexOf(Math.max(...last)));
    }
  });

  it("a low temperature favours the probable, a high one evens out", async () => {
    const built = build();
    const share = async (temperature: number) => {
      const text = await drawn(built, { seed: 1, length: 400, temperature });
      return Math.max(...[0, 1, 2].map((s) => text.filter((x) => x === s).length)) / text.length;
    };
    expect(await share(50)).toBeLessThan(0.45);
    expect(await share(0.1)).toBeGreaterThan(await share(50));
  });

  it("leaves no memory behind, also when it is left early", async () => {
    const { model, params } = build();
    const { executor } = params.readout.b;
    const options = { key: Key.of(1), length: 20, prompt: [1] };
    for await (const _ of sampleSymbols(model, params, options));
    await settled();
    const before = executor.statistics.bytesInUse;
    for await (const _ of sampleSymbols(model, params, options));
    for await (const _ of sampleSymbols(model, params, options)) break;
    expect(executor.statistics.bytesInUse).toBe(before);
  });

  it("rejects what makes no sense, and damaged parameters", async () => {
    const built = build();
    await expect(drawn(built, { seed: 1, length: 1, temperature: -1 })).rejects.toThrow(
      "sampleSymbols: temperature is a finite number of at least 0, got -1",
    );
    await expect(drawn(built, { seed: 1, length: 1.5 })).rejects.toThrow(
      "sampleSymbols: length is an integer of at least 0, got 1.5",
    );
    built.params.readout.b.write([0, Number.NaN, 0]);
    await expect(drawn(built, { seed: 1, length: 1 })).rejects.toThrow("the logits are not finite");
  });
});

describe("the model", () => {
  it("takes any cell as a layer", () => {
    const { model, params } = build({
      cell: ({ input, hidden }) => recurrent(gruResetAfter({ input, hidden })),
      layers: 2,
    });
    const { output, final } = model.apply(params, tensor([0, 1, 2, 0], "int32"), chain([3, 1]));
    expect(output.shape).toEqual([4, 3]);
    expect(final.map((s) => s.h!.shape)).toEqual([
      [2, 4],
      [2, 4],
    ]);
  });

  it("reads what a cell projects its state to", () => {
    const { model, params } = build({ cell: "projectedLstm", projection: 3, layers: 2 });
    const shapes = Object.fromEntries(leafEntries(params).map(([path, p]) => [path, p.shape]));
    expect(shapes["layers[1].U"]).toEqual([3, 16]);
    expect(shapes["readout.W"]).toEqual([3, 3]);
    const { final } = model.apply(params, tensor([0, 1], "int32"), chain([2]));
    expect([final[1]!.h!.shape, final[1]!.s!.shape]).toEqual([
      [1, 3],
      [1, 4],
    ]);
    const own = build({
      cell: ({ input, hidden, output }) => recurrent(lstm({ input, hidden, projection: output })),
      projection: 3,
      layers: 2,
    });
    expect(leafEntries(own.params).map(([path, p]) => [path, p.shape])).toEqual(Object.entries(shapes));
  });

  it("names its parameters", () => {
    const paths = leafEntries(build({ layers: 2 }).params).map(([path]) => path);
    expect(paths).toEqual([
      "embedding.E",
      "layers[0].U",
      "layers[0].W",
      "layers[0].b",
      "layers[1].U",
      "layers[1].W",
      "layers[1].b",
      "readout.W",
      "readout.b",
    ]);
  });

  it("drops features only if it gets a key, another set for each key", () => {
    const { model, params } = build({ dropout: 0.5 });
    const ids = tensor([0, 1, 2, 0], "int32");
    const logits = (key: Key | null) => [
      ...onCpu(model.apply(params, ids, chain([4]), { key }).output).toArray(),
    ];
    const plain = [...onCpu(languageModel(sizes).apply(params, ids, chain([4])).output).toArray()];
    expect(logits(null)).toEqual(plain);
    expect(logits(Key.of(1))).toEqual(logits(Key.of(1)));
    expect(logits(Key.of(1))).not.toEqual(logits(Key.of(2)));
    expect(logits(Key.of(1))).not.toEqual(plain);
  });

  it("rejects impossible settings", () => {
    expect(() => languageModel({ ...sizes, hidden: 0 })).toThrow(
      "languageModel: hidden is a positive integer, got 0",
    );
    expect(() => languageModel({ ...sizes, dropout: 1 })).toThrow(
      "languageModel: dropout is a number in [0, 1), got 1",
    );
    expect(() => languageModel({ ...sizes, cell: "toString" as "lstm" })).toThrow(
      `languageModel: cell is one of ${chainCells.join(", ")}, got "toString"`,
    );
    expect(() => languageModel({ ...sizes, cell: "projectedLstm" })).toThrow(
      "languageModel: the cell projectedLstm needs a projection, the number of units that it hands on",
    );
    expect(() => languageModel({ ...sizes, projection: 2 })).toThrow(
      "languageModel: a projection of 2 units, but the cell lstm projects nothing; use projectedLstm",
    );
    expect(() => languageModel({ ...sizes, cell: "projectedLstm", projection: 0 })).toThrow(
      "languageModel: projection is a positive integer, got 0",
    );
  });
});
