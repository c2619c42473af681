import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Key, leaves } from "longspan";
import { afterAll, describe, expect, it } from "vitest";
import { problemOf, type SyntheticRunSettings, syntheticModel } from "../src/jobs/synthetic/config.js";
import { readSyntheticRun } from "../src/jobs/synthetic/read.js";
import { trainSyntheticSettings } from "../src/jobs/synthetic/settings.js";
import { chooseFolder, contentsOf, continueRun, createRun } from "../src/run-folder.js";
import { resolveSettings } from "../src/settings/resolve.js";
import { keptSettings } from "../src/settings/training.js";
import { freshFolder } from "./command.js";

const { path: folder, remove } = freshFolder();
afterAll(remove);

function holding(name: string, ...files: string[]): string {
  const path = join(folder, name);
  mkdirSync(path);
  for (const file of files) writeFileSync(join(path, file), "{}");
  return path;
}

describe("the weights of a run", () => {
  /** A run of no steps on a problem. */
  async function made(start: SyntheticRunSettings["start"], hidden: number): Promise<string> {
    const given = { cell: "rnn", start, hidden: String(hidden), length: "10" };
    const settings = keptSettings(resolveSettings(trainSyntheticSettings, given).values);
    const head = { format: "longspan-run", formatVersion: 7 } as const;
    const config = { ...head, task: "synthetic", problem: "adding", settings } as const;
    const run = createRun(join(folder, `${start} ${hidden}`), config, { replace: false });
    const model = syntheticModel(settings, problemOf(config));
    await run.saveWeights(model.init(Key.of(1)), 0);
    run.close();
    return run.path;
  }

  it.each(["cell", "sigmoid", "basic-tanh", "smart-tanh", "sparse-2013"] as const)(
    "are read into a net that started as %s",
    async (start) => {
      const { model, params } = readSyntheticRun(await made(start, 20));
      const formOf = (tree: object) => leaves(tree).map(({ shape, dtype }) => ({ shape, dtype }));
      expect(formOf(params)).toEqual(formOf(model.init(Key.of(2))));
    },
  );
});

describe("the folder of a run that was killed", () => {
  it("before its configuration was there counts as empty, and is taken", () => {
    for (const [name, ...files] of [
      ["in the vocabulary", ".vocabulary.json.639.tmp"],
      ["in the configuration", "vocabulary.json", ".config.json.639.tmp"],
    ] as const) {
      const path = holding(name, ...files);
      expect(contentsOf(path)).toBe("other");
      writeFileSync(join(path, ".lock-left"), "");
      expect(contentsOf(path)).toBe("nothing");
      expect(chooseFolder(path, "any")).toBe(path);
      createRun(path, { task: "text" }, { replace: false }).close();
      expect(readdirSync(path).filter((file) => file.endsWith(".tmp"))).toEqual([]);
      expect(contentsOf(path)).toBe("run");
    }
  });

  it("in the middle of a write loses the half of a file when it goes on, and nothing that is not its own", () => {
    const own = [".weights.safetensors.7.tmp", ".report.html.12345.tmp", ".flow-curvature.png.1.tmp"];
    const others = [".config.json.tmp", ".notes.7.tmp", "x.config.json.7.tmp", ".configXjson.7.tmp"];
    const path = holding("on", "config.json", ...own, ...others);
    continueRun(path).close();
    expect(readdirSync(path).filter((file) => file.endsWith(".tmp"))).toEqual(others.sort());
  });

  it("is no run's if it holds what a run does not make", () => {
    expect(contentsOf(holding("other", "vocabulary.json"))).toBe("other");
    expect(contentsOf(holding("notes", ".lock-left", "notes.txt"))).toBe("other");
    expect(() => chooseFolder(join(folder, "notes"), "any")).toThrow("is not empty and holds no run");
    expect(contentsOf(holding("fresh"))).toBe("nothing");
    expect(contentsOf(join(folder, "none"))).toBe("nothing");
  });
});
