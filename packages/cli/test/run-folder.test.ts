import { join } from "node:path";
import { Key, leaves, type SyntheticModelSettings } from "longspan";
import { createRun } from "longspan/node";
import { afterAll, describe, expect, it } from "vitest";
import {
  problemOf,
  type SyntheticRunConfig,
  syntheticModel,
  syntheticSchema,
} from "../src/jobs/synthetic/config.js";
import { readSyntheticRun } from "../src/jobs/synthetic/read.js";
import { trainSyntheticSettings } from "../src/jobs/synthetic/settings.js";
import { textSchema } from "../src/jobs/text/config.js";
import { trainTextSettings } from "../src/jobs/text/settings.js";
import { storedSettings } from "../src/run-config.js";
import { integer, optional, orNone } from "../src/settings/kinds.js";
import { resolveSettings } from "../src/settings/resolve.js";
import { setting } from "../src/settings/setting.js";
import { keptSettings } from "../src/settings/training.js";
import { freshFolder } from "./command.js";

const { path: folder, remove } = freshFolder();
afterAll(remove);

describe("the weights of a run", () => {
  /** A run of no steps on a problem. */
  async function made(start: string, hidden: number): Promise<string> {
    const given = { cell: "rnn", start, hidden: String(hidden), length: "10" };
    const settings = keptSettings(resolveSettings(trainSyntheticSettings, given).values);
    const config: SyntheticRunConfig = { task: "synthetic", problem: "adding", settings };
    const run = createRun(join(folder, `${start} ${hidden}`), config);
    const model = syntheticModel(settings, problemOf(config), null);
    await run.saveWeights(model.init(Key.of(1)), 0);
    run.close();
    return run.path;
  }

  it.each<NonNullable<SyntheticModelSettings["start"]>>([
    "cell",
    "sigmoid",
    "basic-tanh",
    "smart-tanh",
    "sparse-2013",
  ])("are read into a net that started as %s", async (start) => {
    const { model, params } = await readSyntheticRun(await made(start, 20));
    const formOf = (tree: object) => leaves(tree).map(({ shape, dtype }) => ({ shape, dtype }));
    expect(formOf(params)).toEqual(formOf(model.init(Key.of(2))));
  });
});

describe("what a run keeps of its settings", () => {
  const row = { group: "training", help: "" } as const;
  const table = {
    later: setting(integer(1), { ...row, default: 5, before: 2 }),
    limit: setting(orNone(integer(1)), { ...row, default: 5 }),
    open: setting(optional(integer(1)), { ...row, default: null }),
  };

  it("is what the table says of it, without words of the command line", () => {
    const { later, limit, open } = storedSettings(table);
    expect([later!.before, limit!.before]).toEqual([2, undefined]);
    expect([1, 0, "1", null].map((value) => later!.accepts(value))).toEqual([true, false, false, false]);
    expect([1, 0, null].map((value) => limit!.accepts(value))).toEqual([true, false, true]);
    expect([1, 0, null].map((value) => open!.accepts(value))).toEqual([true, false, true]);
    expect(later!.expected).toBe("a whole number of at least 1");
    expect(limit!.expected).toBe("a whole number of at least 1, or none, or null");
  });

  it("is in the schema of every kind, and not what belongs to one command", () => {
    for (const [schema, given] of [
      [textSchema, trainTextSettings],
      [syntheticSchema, trainSyntheticSettings],
    ] as const) {
      const kept = keptSettings(resolveSettings(given, {}).values);
      expect(Object.keys(schema.settings).sort()).toEqual(Object.keys(kept).sort());
      for (const [name, entry] of Object.entries(schema.settings))
        expect([name, entry.accepts(kept[name as keyof typeof kept])]).toEqual([name, true]);
    }
  });
});
