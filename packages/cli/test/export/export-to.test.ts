// longspan export --to: one model file, and a state dictionary of PyTorch with the module that takes it.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  chain,
  decodePytorch,
  decodeSafetensors,
  openModel,
  type Tensor,
  tensor,
  unpackModel,
} from "longspan";
import { openRun } from "longspan/node";
import { fromKeras, runToOnnx } from "longspan-formats";
import { afterAll, describe, expect, it } from "vitest";
import { everyKind } from "../../../longspan/test/runs/every-kind.js";
import { freshFolder, longspan } from "../command.js";
import { changed, runIn } from "./made-runs.js";

const { path: folder, remove } = freshFolder();
afterAll(remove);
const bytes = (file: string) => new Uint8Array(readFileSync(join(folder, file)));

describe("longspan export --to model", () => {
  it("writes one file with every byte of what the model is made of, for every kind of run", async () => {
    for (const [kind, { run }] of Object.entries(everyKind)) {
      const path = await runIn(join(folder, kind), run);
      const { code, stdout, stderr } = longspan(folder, "export", path, "--to", "model");
      expect([code, stdout, stderr]).toEqual([0, `wrote ${kind}.safetensors\n`, ""]);
      const files = unpackModel(bytes(`${kind}.safetensors`));
      expect(Buffer.compare(files.config, bytes(`${kind}/config.json`))).toBe(0);
      expect(decodeSafetensors(files.weights)).toEqual(
        decodeSafetensors(bytes(`${kind}/weights.safetensors`)),
      );
      expect(openModel(bytes(`${kind}.safetensors`)).step).toBe(7);
    }
  });

  it("overwrites nothing, and needs a name that says what the file is", async () => {
    const run = await runIn(join(folder, "kept"), everyKind.text.run);
    writeFileSync(join(folder, "kept.safetensors"), "mine");
    const { code, stderr } = longspan(folder, "export", run, "--to", "model");
    expect([code, stderr]).toEqual([
      1,
      "error: kept.safetensors is there already; give another name by --out, or remove it\n",
    ]);
    expect(longspan(folder, "export", run, "--to", "model", "--out", "model.bin").stderr).toBe(
      "error: --out model.bin: the name of the file ends in .safetensors\n",
    );
    expect(longspan(folder, "export", run).stderr).toBe(
      "error: give either --to FORM, a file for other programs, or --web FOLDER, a page\n",
    );
    expect(longspan(folder, "export", run, "--web", "x", "--out", "y").stderr).toBe(
      "error: --out belongs to --to; --web names its folder itself\n",
    );
  });
});

const written = {
  lstm: changed("text", { cell: "lstm", window: 1, layers: 2, dropout: 0.1 }),
  gru: changed("text", { cell: "gru-reset-after", window: 1, layers: 1, dropout: 0 }),
  rnn: changed("synthetic", { cell: "rnn", start: "cell", layers: 2 }),
  classes: changed("classify", { cell: "gru-reset-after" }),
  "last-lstm": changed("classify", { cell: "lstm", read: "last", layers: 2, dropout: 0.2 }),
  tags: changed("tag", { cell: "lstm", characters: null }),
  forecasts: changed("series", { cell: "lstm", layers: 2 }),
};

describe("longspan export --to pytorch", () => {
  it("writes the weights, and a module that builds the net and loads them", async () => {
    const run = await runIn(join(folder, "lines"), written.lstm);
    const { code, stdout, stderr } = longspan(folder, "export", run, "--to", "pytorch");
    expect([code, stdout, stderr]).toEqual([0, "wrote lines.pt, lines.py\n", ""]);
    expect(
      Object.fromEntries([...decodePytorch(bytes("lines.pt")).tensors].map(([n, t]) => [n, t.shape])),
    ).toEqual({
      "embedding.weight": [4, 3],
      "layers.weight_ih_l0": [16, 3],
      "layers.weight_hh_l0": [16, 4],
      "layers.bias_ih_l0": [16],
      "layers.bias_hh_l0": [16],
      "layers.weight_ih_l1": [16, 4],
      "layers.weight_hh_l1": [16, 4],
      "layers.bias_ih_l1": [16],
      "layers.bias_hh_l1": [16],
      "readout.weight": [4, 4],
      "readout.bias": [4],
    });
    expect(
      readFileSync(join(folder, "lines.py"), "utf8"),
    ).toBe(`"""The module of a longspan run of the kind text, with its weights in lines.pt.

It reads numbers of symbols, integers [batch, steps], and gives 4 numbers at every step, [batch, steps, 4], with the state to go on from.
"""

from pathlib import Path

import torch
from torch import nn


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(4, 3)
        self.layers = nn.LSTM(3, 4, num_layers=2, batch_first=True, dropout=0.1)
        self.readout = nn.Linear(4, 4)
        self.dropout = nn.Dropout(0.1)

    def forward(self, x, state=None):
        output, state = self.layers(self.dropout(self.embedding(x)), state)
        return self.readout(self.dropout(output)), state


def load():
    """The trained model, for evaluation."""
    path = Path(__file__).with_name("lines.pt")
    model = Model()
    model.load_state_dict(torch.load(path, weights_only=True), strict=True)
    return model.eval()


if __name__ == "__main__":
    print(load())
`);
  });

  it("says what torch.nn has no module for, and what to do instead", async () => {
    const said = async (name: string, run: Parameters<typeof runIn>[1], cell?: string) => {
      const path = await runIn(join(folder, name), run, cell);
      const { code, stderr } = longspan(folder, "export", path, "--to", "pytorch");
      expect(existsSync(join(folder, `${name}.pt`))).toBe(false);
      return [code, stderr];
    };
    const instead = "; --to onnx writes most models, and --to model all of them\n";
    expect(await said("gru", changed("text", { cell: "gru", window: 1 }))).toEqual([
      1,
      `error: --to pytorch: torch.nn has LSTM, GRU and RNN, and none is the cell gru: its GRU resets after the product, as the cell gru-reset-after does${instead}`,
    ]);
    expect(await said("window", changed("text", { cell: "lstm" }))).toEqual([
      1,
      `error: --to pytorch: torch.nn has no window of 2 symbols${instead}`,
    ]);
    expect(await said("sigmoid", everyKind.synthetic.run)).toEqual([
      1,
      `error: --to pytorch: the run has a sigmoid where that layer has tanh (start: sigmoid)${instead}`,
    ]);
    expect(await said("spelt", changed("tag", { cell: "lstm" }))).toEqual([
      1,
      `error: --to pytorch: a net that reads the characters of words besides (characters) is no chain of layers of torch.nn${instead}`,
    ]);
    expect(await said("parse", everyKind.trees.run)).toEqual([
      1,
      `error: --to pytorch: a run of the kind trees is more than a recurrent net with a readout, and torch.nn has no layer for it${instead}`,
    ]);
  });
});

describe("longspan export --to keras", () => {
  it("writes a chain of layers, whose numbers are those of the run", async () => {
    for (const name of ["lstm", "gru", "last-lstm", "tags"] as const) {
      const path = await runIn(join(folder, `k-${name}`), written[name]);
      const out = join("keras", `${name}.keras`);
      const { code, stdout, stderr } = longspan(folder, "export", path, "--to", "keras", "--out", out);
      expect([code, stdout, stderr]).toEqual([0, `wrote ${out}\n`, ""]);
      const model = await fromKeras(bytes(out));
      const { x, wanted } = await ours(path, [5, 3]);
      const found: number[] = [];
      for (const rows of x as number[][]) {
        const given = tensor(rows, Array.isArray(rows[0]) ? "float32" : "int32");
        found.push(...(await (model.apply(model.params, given, chain([rows.length])) as Tensor).data()));
      }
      expect(found).toEqual(wanted);
    }
    const { layers } = await fromKeras(bytes("keras/lstm.keras"));
    expect(layers.map(({ kind }) => kind)).toEqual([
      ...["Embedding", "Dropout", "LSTM", "Dropout", "LSTM", "Dropout", "Dense"],
    ]);
  });

  it("says what Keras has no layers for", async () => {
    const path = await runIn(join(folder, "k-mean"), written.classes);
    expect(longspan(folder, "export", path, "--to", "keras").stderr).toBe(
      "error: --to keras: the run reads the mean over all steps (read: mean), for which no layer of a chain is written; --to onnx writes it, and so does --to pytorch\n",
    );
  });
});

describe("longspan export --to onnx", () => {
  it("writes the files that runToOnnx makes", async () => {
    const path = await runIn(join(folder, "o-lstm"), written.lstm);
    const { code, stdout, stderr } = longspan(folder, "export", path, "--to", "onnx");
    expect([code, stdout, stderr]).toEqual([0, "wrote o-lstm.onnx\n", ""]);
    expect(Buffer.compare(bytes("o-lstm.onnx"), runToOnnx(openRun(path)).model!)).toBe(0);
    const pairs = await runIn(join(folder, "o-pairs"), everyKind.pairs.run);
    expect(longspan(folder, "export", pairs, "--to", "onnx").stdout).toBe(
      "wrote o-pairs.encoder.onnx, o-pairs.decoder.onnx\n",
    );
    const trees = await runIn(join(folder, "o-trees"), everyKind.trees.run);
    expect(longspan(folder, "export", trees, "--to", "onnx").stderr).toMatch(
      /^error: --to onnx: runToOnnx: .*trees/,
    );
  });
});

const python = process.env.LONGSPAN_PYTHON ?? "python3";
const torch = spawnSync(python, ["-c", "import torch"]).status === 0;

describe.skipIf(!torch)(
  `the Python files${torch ? "" : " (LONGSPAN_PYTHON names no Python with torch)"}`,
  () => {
    it("run: weights load strictly, and outputs are ours, at two lengths and two batch sizes", {
      timeout: 60_000,
    }, async () => {
      const cases: { name: string; x: unknown; lengths: number[]; wanted: number[] }[] = [];
      for (const [name, run] of Object.entries(written)) {
        const path = await runIn(join(folder, `t-${name}`), run);
        expect(
          longspan(folder, "export", path, "--to", "pytorch", "--out", join("py", `${name}.pth`)).stderr,
        ).toBe("");
        for (const lengths of [
          [5, 3],
          [4, 7, 2],
        ])
          cases.push({ name, ...(await ours(path, lengths)) });
      }
      writeFileSync(join(folder, "py/cases.json"), JSON.stringify(cases));
      writeFileSync(join(folder, "py/compare.py"), compare);
      const { stdout, stderr } = spawnSync(python, ["compare.py"], {
        cwd: join(folder, "py"),
        encoding: "utf8",
      });
      expect(stderr).toBe("");
      const distances = JSON.parse(stdout) as [string, number][];
      expect(distances.length).toBe(2 * Object.keys(written).length);
      for (const [name, distance] of distances)
        expect([name, distance < 1e-5 || distance]).toEqual([name, true]);
      expect(readdirSync(join(folder, "py")).length).toBeGreaterThan(14);
    });
  },
);

/** Inputs of some lengths, and what the run's model makes of them, sequence by sequence. */
async function ours(path: string, lengths: number[]) {
  const run = openRun(path);
  const { model, params } = run as { model: { apply(...args: unknown[]): unknown }; params: object };
  const width = run.kind === "synthetic" ? 2 : run.kind === "series" ? widthOf(params) : 0;
  const element = (b: number, t: number) =>
    width === 0
      ? (3 * b + 2 * t * t) % 3
      : Array.from({ length: width }, (_, j) => Math.sin(b + 2 * t + 3 * j));
  const x = lengths.map((n, b) => Array.from({ length: n }, (_, t) => element(b, t)));
  const wanted: number[] = [];
  for (const rows of x) {
    const structure = chain([rows.length]);
    const given = tensor(rows as number[], width === 0 ? "int32" : "float32");
    const result =
      run.kind === "tag"
        ? model.apply(params, { words: Int32Array.from(rows as number[]), structure, different: null })
        : model.apply(params, given, structure);
    const output = (result as { output?: Tensor }).output ?? (result as Tensor);
    wanted.push(...(await output.data()));
  }
  return { x, lengths, wanted };
}

function widthOf(params: object): number {
  return (params as { layer: { U: Tensor }[] }).layer[0]!.U.shape[0]!;
}

const compare = `import importlib, json, torch
from torch.nn.utils.rnn import pad_sequence

distances = []
for case in json.load(open("cases.json")):
    model = importlib.import_module(case["name"]).load()
    x = pad_sequence([torch.tensor(row) for row in case["x"]], batch_first=True)
    lengths = case["lengths"]
    with torch.no_grad():
        if case["name"] in ("classes", "last-lstm"):
            found = model(x, lengths).flatten()
        else:
            output = model(x, lengths) if case["name"] == "tags" else model(x)[0]
            found = torch.cat([output[b, :n].flatten() for b, n in enumerate(lengths)])
    distances.append([case["name"], (found - torch.tensor(case["wanted"])).abs().max().item()])
print(json.dumps(distances))
`;
