import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { openRun } from "longspan/node";
import { afterAll, describe, expect, it } from "vitest";
import { bin, freshFolder, longspan } from "../command.js";
import { syntheticRunIn, textRunIn } from "./runs.js";

const { path: folder, remove } = freshFolder();
const children: ChildProcess[] = [];
afterAll(() => {
  for (const child of children) child.kill("SIGKILL");
  remove();
});

const run = await textRunIn(folder);

/** `longspan serve`, as built, once it listens. */
async function serve(path: string, ...options: string[]) {
  const child = spawn(process.execPath, [bin, "serve", path, "--port", "0", ...options], { cwd: folder });
  children.push(child);
  let [stdout, stderr] = ["", ""];
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  const base = await new Promise<string>((resolve, reject) => {
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
      const [, found] = /at (http:\S+) /.exec(stdout) ?? [];
      if (found) resolve(found);
    });
    child.on("close", () => reject(new Error(stderr)));
  });
  const ended = new Promise<{ code: number | null; signal: string | null }>((resolve) => {
    child.on("close", (code, signal) => resolve({ code, signal }));
  });
  return { child, base, ended, said: () => stdout, complained: () => stderr };
}

const headers = { "content-type": "application/json" };
const generating = (base: string) =>
  fetch(`${base}/generate`, { method: "POST", headers, body: JSON.stringify({ length: 100_000 }) });
const contentsOf = (path: string) =>
  readdirSync(path).map((file) => [
    file,
    createHash("sha256")
      .update(readFileSync(join(path, file)))
      .digest("hex"),
  ]);

describe("longspan serve", () => {
  it("says where it listens; a signal lets what is under way end, refuses what is new, and ends with 0", async () => {
    const { child, base, ended, said, complained } = await serve(run);
    expect(said()).toBe(
      `serving the run on text in ${run} at ${base} (what it understands: /openapi.json); Ctrl-C stops it\n`,
    );
    const response = await generating(base);
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
    let text = (await reader.read()).value!;
    child.kill("SIGTERM");
    for (let next = await reader.read(); !next.done; next = await reader.read()) text += next.value;
    expect(text.trimEnd().split("\n").slice(-2)).toEqual([
      "event: end",
      expect.stringMatching(/^data: \{"symbols":\d+,"reason":"stopping"\}$/),
    ]);
    expect(await ended).toEqual({ code: 0, signal: null });
    expect(said()).toContain("stopping: what is under way is finished\n");
    expect(complained()).toBe("");
  });

  it("killed in mid-request, it leaves the run as it was", async () => {
    const before = contentsOf(run);
    const { child, base, ended } = await serve(run);
    const response = await generating(base);
    await response.body!.getReader().read();
    child.kill("SIGKILL");
    expect((await ended).signal).toBe("SIGKILL");
    expect(contentsOf(run)).toEqual(before);
    expect(openRun(run, "text").step).toBe(7);
  });

  it("serves a run on a synthetic problem, too; it draws no texts", async () => {
    const { child, base, ended } = await serve(await syntheticRunIn(folder));
    const { paths } = (await (await fetch(`${base}/openapi.json`)).json()) as { paths: object };
    expect(Object.keys(paths)).not.toContain("/generate");
    expect(Object.keys(paths)).toContain("/streams");
    child.kill("SIGINT");
    expect((await ended).code).toBe(0);
  });

  it("a port that is taken, a folder that is none, a limit that is none: one line each", async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    const { port } = other.address() as { port: number };
    const taken = longspan(folder, "serve", run, "--port", String(port));
    other.close();
    expect([taken.code, taken.stderr]).toEqual([
      1,
      `error: --port: another program listens at 127.0.0.1:${port}; choose another port, or 0 for any that is free\n`,
    ]);
    const none = longspan(folder, "serve", "none");
    expect([none.code, none.stderr]).toEqual([
      1,
      "error: there is no folder none; see longspan train text --help\n",
    ]);
    const limit = longspan(folder, "serve", run, "--max-streams", "0");
    expect([limit.code, limit.stderr]).toEqual([
      2,
      "error: option '--max-streams <n>' argument '0' is invalid. Expected a whole number of at least 1.\n",
    ]);
  });
});
