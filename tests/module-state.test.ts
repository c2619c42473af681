import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../packages/longspan/src/", import.meta.url));

/**
 * What outlives a call at the level of a module, and why it may. Not listed are caches by object (WeakMap), which nobody can tell from
 * computing anew, and constant typed arrays, which are scratch memory.
 */
const kept: Readonly<Record<string, string>> = {
  "tensor/ambient.ts present": "the one place for what holds while a function runs",
  "tensor/create.ts chosen": "the executor in use, which the user chooses for the process",
  "executors/choose.ts loaded": "an executor is loaded once",
  "executors/choose.ts threadsWanted": "the threads that the user chose for the process",
  "ops/eager.ts schedules": "schedules of whole tensors by their number of rows: a cache of constants",
  "ops/constant.ts scalars": "numbers as tensors: a cache of constants",
  "cell/trace-cell.ts interned": "equal graphs are one object: a cache by structure",
  "capture/call-signature.ts count": "numbers for objects, by which forms are named",
};

/** Declarations at the start of a line that can change: variables, and containers that are empty or made anew. */
const changing =
  /^(?:export )?(?:let (\w+)|const (\w+)(?!: readonly|: Readonly)(?::[^=]+)? = (?:new (?:Map|Set|Array)\b[^;]*\(|\[\];|\{\};))/gm;

function found(): string[] {
  return readdirSync(root, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts"))
    .flatMap((file) =>
      [...readFileSync(root + file, "utf8").matchAll(changing)].map(
        ([, variable, constant]) => `${file.replaceAll("\\", "/")} ${variable ?? constant}`,
      ),
    );
}

describe("state of modules", () => {
  it("nothing that can change outlives a call, but for what is listed here with its reason", () => {
    expect(found().filter((name) => !(name in kept))).toEqual([]);
  });

  it("what is listed is there", () => {
    expect(Object.keys(kept).filter((name) => !found().includes(name))).toEqual([]);
  });
});
