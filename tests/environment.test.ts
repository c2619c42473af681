// What the environment asks for is done, or is an error of one line; importing the library never fails because of it.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { executorReport } from "longspan";
import { describe, expect, test } from "vitest";

const entry = new URL("../packages/longspan/dist/index.js", import.meta.url).href;
const bin = fileURLToPath(new URL("../packages/cli/bin/longspan.js", import.meta.url));

function run(args: readonly string[], env: Record<string, string>) {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    encoding: "utf8",
    env: { ...process.env, LONGSPAN_EXECUTOR: "", ...env },
  });
  return { status, stdout: stdout.trim(), stderr: stderr.trim() };
}

/** Imports the library, and tells what the first tensor gives: the executor and its threads, or an error. */
const first = (env: Record<string, string>, before = "") =>
  run(
    [
      "--input-type=module",
      "-e",
      `${before}
      const { tensor, defaultExecutor, executorReport } = await import(${JSON.stringify(entry)});
      console.log("imported");
      try {
        const sum = tensor([1, 2]).executor;
        const { threads } = executorReport().find(({ name }) => name === sum.name);
        console.log(sum === defaultExecutor(), sum.name, threads);
      } catch (error) {
        console.log(String(error));
      }`,
    ],
    env,
  ).stdout;

const native = executorReport()[0]!;

describe("LONGSPAN_EXECUTOR", () => {
  test("that names none", () => {
    expect(first({ LONGSPAN_EXECUTOR: "navite" })).toBe(
      'imported\nError: LONGSPAN_EXECUTOR=navite: no executor "navite"; there is native, wasm, reference',
    );
  });

  test("is told in one line by the command", () => {
    for (const args of [["doctor"], ["train", "synthetic", "adding", "--steps", "1"]])
      expect(run([bin, ...args], { LONGSPAN_EXECUTOR: "navite" })).toEqual({
        status: 1,
        stdout: "",
        stderr: 'error: LONGSPAN_EXECUTOR=navite: no executor "navite"; there is native, wasm, reference',
      });
    expect(run([bin, "--version"], { LONGSPAN_EXECUTOR: "navite" }).status).toBe(0);
  });
});

describe("LONGSPAN_THREADS", () => {
  const wrong = "RangeError: LONGSPAN_THREADS: abc threads; expected a whole number from 1 to 64";

  test.each(["wasm", "reference"])("that is no number, on the executor %s", (name) => {
    expect(first({ LONGSPAN_EXECUTOR: name, LONGSPAN_THREADS: "abc" })).toBe(`imported\n${wrong}`);
  });

  test("that is no number, where none is named", () => {
    expect(first({ LONGSPAN_THREADS: "abc" })).toBe(`imported\n${wrong}`);
  });

  test.each(["", "  "])("that is empty (%j) counts as unset", (empty) => {
    expect(first({ LONGSPAN_THREADS: empty })).toBe(first({}));
    expect(first({ LONGSPAN_THREADS: empty, LONGSPAN_EXECUTOR: "wasm" })).toBe(
      first({ LONGSPAN_EXECUTOR: "wasm" }),
    );
    expect(first({ LONGSPAN_THREADS: "3", LONGSPAN_EXECUTOR: "wasm" })).toBe("imported\ntrue wasm 3");
  });
});

describe("LONGSPAN_INSTRUCTIONS", () => {
  test.skipIf(!native.available)(
    `that is not there (${native.detail}): nothing slower takes its place`,
    () => {
      expect(first({ LONGSPAN_INSTRUCTIONS: "axv2" })).toMatch(
        /^imported\nError: LONGSPAN_INSTRUCTIONS: no instruction set "axv2" here; there is .*plain$/,
      );
    },
  );

  test("that is empty counts as unset", () => {
    expect(first({ LONGSPAN_INSTRUCTIONS: "" })).toBe(first({}));
  });
});

describe("an environment that may not be read, as in Deno, counts as empty", () => {
  // Node.js itself reads other variables.
  const env = `
    const env = new Proxy(process.env, { get(target, name) {
      if (String(name).startsWith("LONGSPAN_")) throw new Error("NotCapable: Requires env access");
      return target[name];
    } });
    Object.defineProperty(process, "env", { value: env });`;

  test("where reading throws", () => {
    expect(first({ LONGSPAN_EXECUTOR: "navite" }, env)).toBe(first({}));
  });

  test("where no file may be read either", () => {
    const files = `
      const { getBuiltinModule } = process;
      const refused = () => { throw Object.assign(new Error("Requires read access to this"), { name: "NotCapable" }); };
      process.getBuiltinModule = (name) =>
        name === "node:fs" ? { readFileSync: refused, existsSync: refused }
        : name === "node:module" ? { createRequire: () => Object.assign(refused, { resolve: refused }) }
        : getBuiltinModule(name);
      console.warn = (line) => console.log(line);`;
    expect(first({ LONGSPAN_EXECUTOR: "navite" }, env + files)).toMatch(
      /^imported\nlongspan: programs run on the reference executor, which is many times slower than WebAssembly: longspan.*\.wasm cannot be read: Requires read access to this\ntrue reference 1$/,
    );
  });

  test("where reading would ask", () => {
    const asks = `globalThis.Deno = { permissions: { querySync: () => ({ state: "prompt" }) } };`;
    expect(first({ LONGSPAN_EXECUTOR: "navite" }, asks)).toBe(first({}));
  });
});
