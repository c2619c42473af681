import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { kinds } from "../../src/jobs/index.js";
import { bin, freshFolder, interrupted, jsonLines, longspan } from "../command.js";
import { kindsInTests } from "./table.js";

const { path: root, remove } = freshFolder();
afterAll(remove);
const fullDisk = pathToFileURL(join(import.meta.dirname, "full-disk.mjs")).href;

it("every kind is here", () => {
  expect(Object.keys(kindsInTests).sort()).toEqual(kinds.map(({ name }) => name).sort());
});

// What holds for each kind, whatever it learns.
describe.each(Object.entries(kindsInTests))("%s", (kind, { argument, data, settings, cell }) => {
  const folder = join(root, kind);
  const at = (...parts: string[]) => join(folder, ...parts);
  const train = (...more: string[]) =>
    longspan(folder, "train", kind, argument, "--config", "small.yaml", ...more);
  const files = (run: string) => readdirSync(at(run)).filter((name) => name.endsWith(".safetensors"));
  /** The bytes of what is kept and of the last checkpoint. */
  const bits = (run: string) =>
    Object.fromEntries(
      files(run).map((name) => [
        name.replace(/-[^-]*\.safetensors$/, ""),
        readFileSync(at(run, name)).toString("base64"),
      ]),
    );
  const made = `import { ${cell} } from "longspan";\nexport default ({ input, hidden }) => ${cell}({ input, hidden });\n`;

  beforeAll(() => {
    mkdirSync(folder);
    if (data !== null) writeFileSync(at(argument), data);
    const rows = { ...settings, steps: 24, cell: "./mine.mjs" };
    writeFileSync(
      at("small.yaml"),
      Object.entries(rows)
        .map(([name, value]) => `${name}: ${value}\n`)
        .join(""),
    );
    writeFileSync(at("mine.mjs"), made);
    const { code, stderr } = train("--out", "whole");
    expect([stderr, code]).toEqual(["", 0]);
  });

  it("reads its settings from a file, and runs with a cell of the user's, which it keeps", () => {
    const config = JSON.parse(readFileSync(at("whole", "config.json"), "utf8"));
    expect(config).toMatchObject({ task: kind, settings: { ...settings, steps: 24, cell: "./mine.mjs" } });
    expect(readFileSync(at("whole", "cell.mjs"), "utf8")).toBe(made);
    writeFileSync(at("bad.yaml"), "hidden: 8\nbatch: none\n");
    const bad = longspan(folder, "train", kind, argument, "--config", "bad.yaml", "--out", "bad");
    expect(bad.stderr).toMatch(
      /^error: bad\.yaml, line 2, column 8: batch is "none", expected a whole number of at least 1\n$/,
    );
    expect([bad.code, readdirSync(folder).includes("bad")]).toEqual([1, false]);
  });

  it("killed while it trains, it goes on to the same bits", async () => {
    const args = ["train", kind, argument, "--config", "small.yaml", "--out", "killed", "--json"];
    const { code } = await interrupted(
      folder,
      [...args, "--save-seconds", "0.001"],
      (out) => out.includes('"progress"'),
      "SIGKILL",
    );
    // It may be done before the signal arrives: then there is nothing to go on with, and the bits are the same all the more.
    expect([null, 0]).toContain(code);
    const resumed = train("--resume", "--out", "killed");
    expect([resumed.stderr, resumed.code]).toEqual(["", 0]);
    expect(bits("killed")).toEqual(bits("whole"));
  });

  it("a folder that cannot be written to is one line, before anything is learned", () => {
    writeFileSync(at("file"), "");
    const { code, stdout, stderr } = train("--out", "file/run");
    expect(stderr).toMatch(/^error: cannot .*file\/run.*: .*\n$/);
    expect([code, stdout]).toEqual([1, ""]);
  });

  it("a disk that is full is one line; the checkpoint before stays, and the run goes on to the same bits", () => {
    const args = [
      "train",
      kind,
      argument,
      "--config",
      "small.yaml",
      "--save-seconds",
      "0.001",
      "--out",
      "full",
      "--json",
    ];
    const { status, stderr, stdout } = spawnSync(process.execPath, ["--import", fullDisk, bin, ...args], {
      cwd: folder,
      encoding: "utf8",
      env: { ...process.env, CI: "1" },
    });
    expect(stderr).toMatch(
      new RegExp(
        `^error: cannot write to full/checkpoint-[\\w.-]+: the disk is full; the checkpoint of step \\d+ is intact; to go on: longspan train ${kind}( ${argument})? --resume --out full\\n$`,
      ),
    );
    expect(status).toBe(1);
    expect(jsonLines(stdout).map(({ event }) => event)).not.toContain("done");
    const resumed = train("--resume", "--out", "full");
    expect([resumed.stderr, resumed.code]).toEqual(["", 0]);
    expect(bits("full")).toEqual(bits("whole"));
    rmSync(at("full"), { recursive: true });
  });
});
