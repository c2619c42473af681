import { afterAll, describe, expect, it } from "vitest";
import { trainSyntheticSettings } from "../../src/jobs/synthetic/settings.js";
import { trainTextSettings } from "../../src/jobs/text/settings.js";
import { applies, type CommandLine, checkEffects, resolveSettings } from "../../src/settings/resolve.js";
import { isDependent, type Table } from "../../src/settings/setting.js";
import { freshFolder } from "../command.js";
import { failureOf, writerIn } from "./fixture.js";

const { path: folder, remove } = freshFolder();
afterAll(remove);
const write = writerIn(folder);
const resolve = (given: CommandLine) => resolveSettings(trainTextSettings, given);
const table: Table = trainTextSettings;

describe("resolveSettings", () => {
  it("has a value for every setting, in the order of the table", () => {
    const { values, origins } = resolve({});
    expect(Object.keys(values)).toEqual(Object.keys(table));
    expect(Object.values(origins).every(({ from }) => from === "default")).toBe(true);
    expect(values).toMatchObject({
      level: "char",
      cell: "lstm",
      hidden: 256,
      layers: 1,
      features: 64,
      seq: 128,
      batch: 32,
      dropout: 0.2,
      steps: null,
      minutes: 10,
      optimizer: "adam",
      lr: 4e-3,
      weightDecay: 0,
      schedule: "linear",
      warmUp: 50,
      clip: 1,
      clipValue: null,
      onExplosion: "stop",
      seed: 1,
      valid: 0.1,
      resume: false,
    });
  });

  it("the command line goes before the file, the file before the defaults", () => {
    const config = write("hidden: 32\nbatch: 4\nclip: none\n");
    const { values, origins, phrase } = resolve({ config, batch: "8", json: true });
    expect(values).toMatchObject({ hidden: 32, batch: 8, clip: null, layers: 1, json: true });
    expect(origins.hidden).toEqual({ from: "file", path: config, line: 1, column: 1 });
    expect([origins.batch, origins.layers]).toEqual([{ from: "command line" }, { from: "default" }]);
    expect([phrase("hidden"), phrase("clip")]).toEqual([
      `hidden: 32 (${config}, line 1)`,
      `clip: none (${config}, line 3)`,
    ]);
    expect([phrase("batch"), phrase("layers"), phrase("json"), phrase("tensorboard")]).toEqual([
      "--batch 8",
      "--layers 1 (the default)",
      "--json",
      "--no-tensorboard (the default)",
    ]);
  });

  it("defaults follow the settings that they depend on", () => {
    expect(resolve({ optimizer: "sgd" }).values).toMatchObject({ lr: 1, weightDecay: 0 });
    expect(resolve({ optimizer: "adamw" }).values).toMatchObject({ lr: 4e-3, weightDecay: 0.01 });
    expect(resolve({ optimizer: "sgd", lr: "0.3" }).values.lr).toBe(0.3);
    expect(resolve({ steps: "7" }).values).toMatchObject({ steps: 7, minutes: null });
    expect(resolve({ config: write("optimizer: nesterov") }).values.lr).toBe(0.1);
  });

  it("lengths are the task's own where none are asked for, and else those that were asked for nearest", () => {
    const lengthsOf = (given: CommandLine) => {
      const { length, lengths } = resolveSettings(trainSyntheticSettings, given).values;
      return { length, lengths };
    };
    expect(lengthsOf({})).toEqual({ length: null, lengths: null });
    expect(lengthsOf({ lengths: "5-9" })).toEqual({ length: null, lengths: "5-9" });
    expect(lengthsOf({ config: write("lengths: 5-9\n") })).toEqual({ length: null, lengths: "5-9" });
    expect(lengthsOf({ config: write("lengths: 5-9\n"), length: "7" })).toEqual({
      length: 7,
      lengths: null,
    });
  });

  it("of two that exclude each other, the command line's one counts; in one place, both are refused", () => {
    const config = write("minutes: 3\n");
    expect(resolve({ config }).values).toMatchObject({ steps: null, minutes: 3 });
    const { values, origins } = resolve({ config, steps: "7" });
    expect(values).toMatchObject({ steps: 7, minutes: null });
    expect(origins.minutes).toEqual({ from: "default" });
    const both = failureOf(() => resolve({ steps: "1", minutes: "2" }));
    expect([both.message, both.exitCode]).toEqual([
      "--steps 1 and --minutes 2 exclude each other; give one of them",
      2,
    ]);
    const path = write("steps: 1\nminutes: 2\n");
    const inFile = failureOf(() => resolve({ config: path }));
    expect([inFile.message, inFile.exitCode]).toEqual([
      `steps: 1 (${path}, line 1) and minutes: 2 (${path}, line 2) exclude each other; give one of them`,
      1,
    ]);
    expect(failureOf(() => resolve({ resume: true, force: true })).message).toBe(
      "--resume and --force exclude each other; give one of them",
    );
  });

  const checked = (given: CommandLine) => checkEffects(table, resolve(given));

  it("a setting without effect is refused, unless the command line has overruled what it belongs to", () => {
    const alone = failureOf(() => checked({ patience: "4" }));
    expect([alone.message, alone.exitCode]).toEqual([
      "--patience 4 has no effect with --schedule linear (the default); it belongs to --schedule plateau",
      2,
    ]);
    const path = write("momentum: 0.5\n");
    const inFile = failureOf(() => checked({ config: path }));
    expect([inFile.message, inFile.exitCode]).toEqual([
      `momentum: 0.5 (${path}, line 1) has no effect with --optimizer adam (the default); it belongs to optimizer: momentum or nesterov or nesterov-2013`,
      1,
    ]);
    const overruled = { config: path, optimizer: "nesterov" };
    checked(overruled);
    expect(resolve(overruled).values.momentum).toBe(0.5);
  });

  it("the cell and then the optimiser say what is usual, the optimiser before the cell", () => {
    const text = (given: Record<string, string>) => resolveSettings(trainTextSettings, given).values;
    const of = ({ layers, dropout, lr, residual, window }: ReturnType<typeof text>) => ({
      layers,
      dropout,
      lr,
      residual,
      window,
    });
    expect(of(text({}))).toEqual({ layers: 1, dropout: 0.2, lr: 0.004, residual: false, window: 1 });
    expect(of(text({ cell: "mingru" }))).toEqual({
      layers: 3,
      dropout: 0,
      lr: 0.01,
      residual: true,
      window: 4,
    });
    expect(of(text({ cell: "mingru", optimizer: "sgd", layers: "2" }))).toEqual({
      layers: 2,
      dropout: 0,
      lr: 1,
      residual: true,
      window: 4,
    });
  });

  it("a file's setting that the command line leaves without effect is let be", () => {
    const config = write("schedule: plateau\npatience: 4\n");
    checked({ config, schedule: "cosine" });
    const { values } = resolve({ config, schedule: "cosine" });
    expect(values.schedule).toBe("cosine");
    expect([applies(table, values, "patience"), applies(table, values, "lr")]).toEqual([false, true]);
    expect(failureOf(() => checked({ config: write("schedule: cosine"), patience: "4" })).message).toMatch(
      /^--patience 4 has no effect with schedule: cosine \(.*my\.yaml, line 1\); it belongs to --schedule plateau$/,
    );
  });
});

describe.each([
  ["text", trainTextSettings],
  ["synthetic", trainSyntheticSettings],
])("the table of train %s", (_, table: Table) => {
  const keys = Object.keys(table);

  it("has defaults that its kinds take, and that do not depend on each other in a circle", () => {
    /** Goes through all settings that a default comes from, directly or by others. */
    const behind = (key: string, above: readonly string[] = []): void => {
      expect(above).not.toContain(key);
      for (let usual = table[key]!.default; isDependent(usual); usual = usual.otherwise)
        behind(usual.on, [...above, key]);
    };
    for (const key of keys) {
      const { kind, default: first } = table[key]!;
      let usual = first;
      for (; isDependent(usual); usual = usual.otherwise) {
        for (const value of Object.values(usual.values))
          if (value !== null)
            expect([key, kind.accept(value), kind.parse(kind.show(value))]).toEqual([key, value, value]);
        expect(keys).toContain(usual.on);
        behind(usual.on, [key]);
        const names = table[usual.on]!.kind.names ?? ["none"];
        for (const name of Object.keys(usual.values)) expect(names).toContain(name);
      }
      if (usual !== null)
        expect([key, kind.accept(usual), kind.parse(kind.show(usual))]).toEqual([key, usual, usual]);
    }
  });

  it("names settings and choices that exist", () => {
    for (const { needs, conflictsWith } of Object.values(table)) {
      if (conflictsWith !== undefined) expect(keys).toContain(conflictsWith);
      if (needs) expect(keys).toContain(needs.setting);
      for (const name of needs?.oneOf ?? []) expect(table[needs!.setting]!.kind.names).toContain(name);
    }
  });
});
