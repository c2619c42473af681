import { spawnSync } from "node:child_process";
import { closeSync, openSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { freshFolder } from "../command.js";

const { path: folder, remove } = freshFolder();
afterAll(remove);

describe("a table that is larger than the memory", () => {
  it("is read in a heap that is a fraction of it", () => {
    const path = join(folder, "large.csv");
    const file = openSync(path, "w");
    writeSync(file, "id,y,note\n");
    const block = Array.from(
      { length: 5000 },
      (_, k) => `s${k % 7},${k},"some text, quoted, to fill the line a little"\n`,
    ).join("");
    const blocks = Math.ceil((64 * 2 ** 20) / block.length);
    for (let k = 0; k < blocks; k++) writeSync(file, block);
    closeSync(file);
    const entry = new URL("../../dist/tables/index.js", import.meta.url).href;
    const script = join(folder, "read.mjs");
    writeFileSync(
      script,
      `import { openTable } from ${JSON.stringify(entry)};
let [rows, total] = [0, 0];
for await (const row of (await openTable(${JSON.stringify(path)})).rows()) [rows, total] = [rows + 1, total + row.number("y")];
console.log(rows, total);`,
    );
    // Two thirds of what the file has.
    const { stdout, stderr } = spawnSync(process.execPath, ["--max-old-space-size=44", script], {
      encoding: "utf8",
    });
    expect(stderr).toBe("");
    expect(stdout).toBe(`${blocks * 5000} ${blocks * ((4999 * 5000) / 2)}\n`);
  });
});
