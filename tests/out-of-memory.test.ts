import { broadcastTo, defaultExecutor, OutOfMemoryError, tensor, useExecutor, zeros } from "longspan";
import { afterAll, describe, expect, test } from "vitest";
import { Pool } from "../packages/longspan/src/executors/memory/pool.js";
import { OutOfMemoryError as Thrown } from "../packages/longspan/src/program/index.js";
import { executorOf, executorRows, missing } from "./executors/rows.js";

const before = defaultExecutor();
afterAll(() => useExecutor(before));

const remedies = "Remedies: a smaller batch, fewer steps in a sequence, a smaller vocabulary, fewer units";

function messageOf(f: () => unknown): string {
  try {
    f();
  } catch (error) {
    expect(error).toBeInstanceOf(OutOfMemoryError);
    return (error as Error).message;
  }
  throw new Error("there was memory");
}

describe.each(executorRows.filter(({ make }) => !make))("out of memory on the $name executor", ({ name }) => {
  const reason = missing(name);
  const native =
    name === "wasm" ? ", or the native executor, which can have all of the machine's memory" : "";

  test.skipIf(reason)("a result that is too large says what was asked for and what to lower", () => {
    const chosen = executorOf(name);
    useExecutor(chosen);
    const one = tensor([1]);
    const { bytesInUse } = chosen.statistics;
    const most = name === "wasm" ? ", of 4.29 GB that it can have" : "";
    const message = messageOf(() => broadcastTo(one, [4e6, 3e6]));
    expect(message).toMatch(
      new RegExp(
        `^the ${name} executor is out of memory: there is no room for float32 \\[4000000, 3000000\\], 48.0 TB, beside .* in use${most}. Remedies`,
      ),
    );
    expect(message).toContain(remedies + native);
    expect(chosen.statistics.bytesInUse).toBe(bytesInUse);
  });

  test.skipIf(reason)("zeros that are too large, as well", () => {
    useExecutor(executorOf(name));
    expect(messageOf(() => zeros([1e6, 1e7], "float64"))).toContain(
      "no room for float64 [1000000, 10000000], 80.0 TB",
    );
  });
});

describe("the pool of an executor that can have little", () => {
  /** Memory of at most so many bytes, what lies in the pool included. */
  function little(mostBytes: number) {
    let taken = 0;
    return new Pool<Float32Array>("wasm", {
      make: (_, capacity) => {
        if (taken + 4 * capacity > mostBytes) throw new Error("out of memory");
        taken += 4 * capacity;
        return new Float32Array(capacity);
      },
      drop: (memory) => {
        taken -= memory.byteLength;
      },
      view: (memory) => memory,
      touch: () => {},
      mostBytes,
    });
  }

  test("gives back what lies there for reuse before it gives up", () => {
    const pool = little(1000);
    pool.release(pool.allocate("float32", 160));
    expect(pool.bytesReserved).toBe(640);
    expect(pool.allocate("float32", 224).length).toBe(224);
    expect([pool.bytesInUse, pool.bytesReserved]).toEqual([896, 896]);
  });

  test("names what no scope releases, if that is most of it", () => {
    const pool = little(2 ** 26);
    const held = pool.allocate("float32", 12 * 2 ** 20);
    pool.watch(held);
    const asked = () => pool.allocate("float32", 8 * 2 ** 20);
    expect(asked).toThrow(Thrown);
    expect(asked).toThrow(
      "the wasm executor is out of memory: there is no room for float32 [8388608], 33.6 MB, beside 50.3 MB in use, of 67.1 MB that it can have. Remedies: 50.3 MB belong to tensors that no scope releases: train with trainingStep(), which releases what it replaces, or put the work of a step into scope() and dispose() of what the next step replaces; a smaller batch",
    );
    pool.release(held);
    expect(pool.bytesUnscoped).toBe(0);
  });

  test("and not if scopes hold it", () => {
    const pool = little(2 ** 26);
    pool.allocate("float32", 12 * 2 ** 20);
    expect(() => pool.allocate("float32", 8 * 2 ** 20)).toThrow(`can have. ${remedies}`);
  });
});
