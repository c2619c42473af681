// longspan import: runs of model files and of PyTorch's weights, which do what the runs they came from do.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  encodePytorch,
  Key,
  leafEntries,
  linear,
  lstm,
  onCpu,
  recurrent,
  stacked,
  type Tensor,
  textRunModel,
  toPytorch,
  uniform,
} from "longspan";
import { openRun } from "longspan/node";
import { afterAll, describe, expect, it } from "vitest";
import { everyKind } from "../../../longspan/test/runs/every-kind.js";
import { freshFolder, longspan } from "../command.js";
import { changed, runIn } from "../export/made-runs.js";

const { path: folder, remove } = freshFolder();
afterAll(remove);
const done = (...args: string[]) => {
  const { code, stdout, stderr } = longspan(folder, ...args);
  expect([code, stderr]).toEqual([0, ""]);
  return stdout;
};
const said = (...args: string[]) => {
  const { code, stderr } = longspan(folder, ...args);
  return [code, stderr];
};
const bytes = (file: string) => readFileSync(join(folder, file));
const numbers = (params: unknown) =>
  leafEntries(params).map(([name, t]) => [name, Array.from(onCpu(t as Tensor).toArray())]);

describe("longspan import of a model file", () => {
  it("makes the run that it came from: its files, its weights bit for bit, its draws", async () => {
    const run = await runIn(join(folder, "text"), everyKind.text.run);
    done("export", run, "--to", "model");
    expect(done("import", "text.safetensors", "--out", "again")).toBe("made again, a run of the kind text\n");
    for (const file of ["config.json", "vocabulary.json", "weights.safetensors"])
      expect(Buffer.compare(bytes(`again/${file}`), bytes(`text/${file}`))).toBe(0);
    const drawn = ["--length", "30", "--seed", "4"];
    expect(done("sample", "again", ...drawn)).toBe(done("sample", "text", ...drawn));
  });

  it("carries runs that answer inputs", async () => {
    const run = await runIn(join(folder, "classes"), everyKind.classify.run);
    done("export", run, "--to", "model", "--out", "c.safetensors");
    done("import", "c.safetensors", "--out", "classes-again");
    writeFileSync(join(folder, "inputs.txt"), "a text\nanother\n");
    expect(done("predict", "classes-again", "inputs.txt")).toBe(done("predict", "classes", "inputs.txt"));
  });

  it("takes the module of a cell of the user's, since the file holds no code", async () => {
    const source = `import { lstm } from "longspan";\nexport default (sizes) => lstm({ ...sizes, peepholes: true });\n`;
    writeFileSync(join(folder, "mine.mjs"), source);
    const settings = { cell: "./mine.mjs", hidden: 4, layers: 1, features: 3, dropout: 0 };
    const own = ({ input, hidden }: { input: number; hidden: number }) =>
      lstm({ input, hidden, peepholes: true }) as never;
    const params = textRunModel(settings, 4, own).init(Key.of(1));
    const run = { ...everyKind.text.run, config: { task: "text", settings }, params };
    await runIn(join(folder, "own"), run, source);
    done("export", "own", "--to", "model");
    expect(bytes("own.safetensors").includes("peepholes")).toBe(false);
    expect(said("import", "own.safetensors", "--out", "own-again")).toEqual([
      1,
      "error: the model has a cell of yours, ./mine.mjs, and a model file holds no code: give its module by --cell ./mine.mjs\n",
    ]);
    done("import", "own.safetensors", "--out", "own-again", "--cell", "./mine.mjs");
    expect(bytes("own-again/cell.mjs").toString()).toBe(source);
    expect(done("sample", "own-again", "--length", "9")).toBe(done("sample", "own", "--length", "9"));
  });

  it("is refused where it was changed, is none, or the folder holds something", () => {
    const damaged = bytes("text.safetensors");
    damaged[damaged.length - 2]! ^= 4;
    writeFileSync(join(folder, "damaged.safetensors"), damaged);
    const [code, text] = said("import", "damaged.safetensors", "--out", "none");
    expect(code).toBe(1);
    expect(text).toMatch(
      /^error: damaged\.safetensors: model file: its checksum is \w{8}, and that of what was saved is \w{8}; the file has changed since it was saved; copy or save it again\n$/,
    );
    expect(said("import", "text.safetensors", "--out", "again")[1]).toContain("again holds a run already");
    expect(said("import", "text.npz", "--out", "none")).toEqual([
      1,
      "error: text.npz: the name of the file ends in .safetensors, .pt, .pth; files that end in .npz are not read\n",
    ]);
    expect(existsSync(join(folder, "none"))).toBe(false);
  });

  it("makes a run that is used, and not gone on with", () => {
    expect(said("train", "text", "--resume", "--out", "again")).toEqual([
      1,
      "error: again was imported, or made by a program: it holds a model, and no training to go on with; train it further in a program (openRun, then startTraining with its parameters)\n",
    ]);
  });
});

describe("longspan import of PyTorch's weights", () => {
  it.each([
    ["lstm", 2],
    ["gru-reset-after", 1],
    ["rnn", 2],
  ] as const)("makes of a language model with the cell %s the same run again", async (cell, layers) => {
    const run = changed("text", { cell, layers, window: 1, dropout: 0 });
    await runIn(join(folder, cell), run);
    done("export", cell, "--to", "pytorch");
    done("import", `${cell}.pt`, "--out", `${cell}-again`, "--vocabulary", join(cell, "vocabulary.json"));
    const again = openRun(join(folder, `${cell}-again`), "text");
    expect(numbers(again.params)).toEqual(numbers(run.params));
    const drawn = ["--length", "30", "--seed", "4"];
    expect(done("sample", `${cell}-again`, ...drawn)).toBe(done("sample", cell, ...drawn));
  });

  it("reads tokens in any order, whatever the parts are called, and a readout without a bias", async () => {
    const layer = stacked([recurrent(lstm({ input: 3, hidden: 5 }))]);
    const E = uniform(Key.of(1), [4, 3]);
    const layers = layer.init(Key.of(2));
    const { W } = linear({ input: 5, output: 4, bias: false }).init(Key.of(3));
    const weights = {
      ...toPytorch("Embedding", { E }, { prefix: "encoder.words." }),
      ...toPytorch("LSTM", layers, { prefix: "core.rnn." }),
      ...toPytorch("Linear", { W }, { prefix: "decoder." }),
    };
    writeFileSync(join(folder, "words.pth"), await encodePytorch(weights));
    writeFileSync(join(folder, "words.json"), JSON.stringify({ the: 0, sea: 1, "<unk>": 2, is: 3 }));
    done("import", "words.pth", "--out", "words", "--vocabulary", "words.json");
    const { vocabulary, params } = openRun(join(folder, "words"), "text");
    expect([vocabulary.level, vocabulary.symbols]).toEqual(["token", ["<unk>", "the", "sea", "is"]]);
    const rows = (t: Tensor, width: number) => {
      const all = Array.from(onCpu(t).toArray());
      return Array.from({ length: all.length / width }, (_, r) => all.slice(r * width, (r + 1) * width));
    };
    const order = [2, 0, 1, 3];
    expect(rows(params.embedding.E, 3)).toEqual(order.map((n) => rows(E, 3)[n]));
    expect(rows(params.readout.W, 4)).toEqual(rows(W, 4).map((row) => order.map((n) => row[n])));
    expect(numbers(params.readout.b)).toEqual([["", [0, 0, 0, 0]]]);
  });

  it("says what is missing, too much, or does not fit", async () => {
    const wrong = async (weights: Readonly<Record<string, Tensor>>, ...more: string[]) => {
      writeFileSync(join(folder, "wrong.pt"), await encodePytorch(weights));
      const [code, text] = said("import", "wrong.pt", "--out", "wrong", ...more);
      expect([code, existsSync(join(folder, "wrong"))]).toEqual([1, false]);
      return text;
    };
    const layers = toPytorch("LSTM", stacked([recurrent(lstm({ input: 3, hidden: 5 }))]).init(Key.of(1)), {
      prefix: "lstm.",
    });
    const table = toPytorch("Embedding", { E: uniform(Key.of(1), [4, 3]) }, { prefix: "words." });
    const head = toPytorch("Linear", linear({ input: 5, output: 4 }).init(Key.of(1)), { prefix: "head." });
    const alone = "; in a program, fromPytorch reads layers one by one\n";
    expect(await wrong({ ...layers, ...table, ...head })).toBe(
      "error: the weights of a language model say nothing of its 4 symbols: give them by --vocabulary FILE, in the order of their numbers\n",
    );
    expect(await wrong({ ...table, ...head })).toBe(
      `error: a language model has one recurrent module, and the file has none${alone}`,
    );
    expect(await wrong({ ...layers, ...table })).toBe(
      `error: a language model has one nn.Linear from the units to the symbols, and the file has none${alone}`,
    );
    expect(await wrong({ ...layers, ...table, ...head, "norm.weight": uniform(Key.of(1), [5]) })).toBe(
      `error: the tensor "norm.weight" belongs to none of the parts of a language model (lstm., words., head.)${alone}`,
    );
    writeFileSync(join(folder, "three.json"), '["a", "b", "c"]');
    expect(await wrong({ ...layers, ...table, ...head }, "--vocabulary", "three.json")).toBe(
      "error: --vocabulary three.json has 3 symbols, and the model has 4\n",
    );
    writeFileSync(join(folder, "four.json"), '["a", "b", "c", "of"]');
    expect(await wrong({ ...layers, ...table, ...head }, "--vocabulary", "four.json")).toBe(
      'error: --vocabulary four.json: symbols of more than one character are tokens, and none of them is "<unk>", which stands for those that the model does not know\n',
    );
    writeFileSync(join(folder, "gap.json"), '{ "a": 0, "b": 2 }');
    expect(await wrong({ ...layers, ...table, ...head }, "--vocabulary", "gap.json")).toBe(
      'error: --vocabulary gap.json: the number of "b" is 2, expected one from 0 to 1 that no other symbol has\n',
    );
  });
});
