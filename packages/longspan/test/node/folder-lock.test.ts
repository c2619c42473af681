import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { FileError, FolderInUseError, lockFolder } from "longspan/node";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "longspan lock "));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const holdAs = (holder: object) => writeFileSync(join(folder, ".lock"), JSON.stringify(holder));

/** Elsewhere the system does not tell a zombie from a process that runs, and no test can keep this one from looking at its children. */
const hasProc = process.platform === "linux";

/** A process that was killed and whose parent, a `sleep` that knows of no child, never asks how it ended. */
async function zombie(): Promise<{ parent: ChildProcess; pid: number }> {
  const parent = spawn("sh", ["-c", "sleep 1000 & echo $!; exec sleep 1000"], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  const [line] = (await once(parent.stdout!, "data")) as [Buffer];
  const pid = Number(line.toString());
  // The shell has become `sleep`, which collects nobody.
  while (!readFileSync(`/proc/${parent.pid}/cmdline`, "latin1").startsWith("sleep")) await turn();
  process.kill(pid, "SIGKILL");
  while (!/\) Z /.test(readFileSync(`/proc/${pid}/stat`, "latin1"))) await turn();
  return { parent, pid };
}

const turn = () => new Promise((resolve) => setTimeout(resolve, 5));

describe("a folder's lock", () => {
  it("makes the folder, holds it against a second, and lets it go", () => {
    const path = join(folder, "a", "b");
    const lock = lockFolder(path);
    expect(() => lockFolder(path)).toThrow(FolderInUseError);
    expect(() => lockFolder(path)).toThrow(
      `${path} is in use by process ${process.pid}; wait for it to end or choose another folder (if it is gone, delete ${join(path, ".lock")})`,
    );
    lock.release();
    expect(readdirSync(path)).toEqual([]);
    lockFolder(path).release();
  });

  it("of a process that is there is respected, of one that was killed taken over", async () => {
    const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"]);
    holdAs({ pid: child.pid, host: hostname(), started: null });
    expect(() => lockFolder(folder)).toThrow(`is in use by process ${child.pid};`);
    await new Promise((resolve) => {
      child.on("close", resolve);
      child.kill("SIGKILL");
    });
    const lock = lockFolder(folder);
    lock.release();
    expect(readdirSync(folder)).toEqual([]);
  });

  it.skipIf(!hasProc)("of a zombie is taken over: it is dead, only its parent has not looked", async () => {
    const { parent, pid } = await zombie();
    try {
      holdAs({ pid, host: hostname(), started: null });
      writeFileSync(join(folder, `.lock.${pid}`), "{}");
      lockFolder(folder).release();
      expect(readdirSync(folder)).toEqual([]);
    } finally {
      parent.kill("SIGKILL");
    }
  });

  it.skipIf(!hasProc)("of a process that is about to end is waited for", async () => {
    const child = spawn(process.execPath, ["-e", "console.log(); setTimeout(() => {}, 300)"]);
    await once(child.stdout, "data");
    holdAs({ pid: child.pid, host: hostname(), started: null });
    lockFolder(folder).release();
    expect(readdirSync(folder)).toEqual([]);
  });

  it("that a process had moved away when it was killed is removed; one that is being moved stays", async () => {
    const child = spawn(process.execPath, ["-e", ""]);
    await new Promise((resolve) => child.on("close", resolve));
    const [left, moving] = [`.lock.${child.pid}`, `.lock.${process.pid}`];
    for (const name of [left, moving, ".lock.txt"]) writeFileSync(join(folder, name), "{}");
    lockFolder(folder).release();
    expect(readdirSync(folder).sort()).toEqual([moving, ".lock.txt"].sort());
  });

  it("is not confused by a later process of the same number", () => {
    holdAs({ pid: process.pid, host: hostname(), started: "another boot 17" });
    if (process.platform === "linux") lockFolder(folder).release();
    else expect(() => lockFolder(folder)).toThrow(FolderInUseError);
  });

  it("of another machine is respected, since nothing is known of it", () => {
    holdAs({ pid: 1, host: "elsewhere", started: null });
    expect(() => lockFolder(folder)).toThrow("is in use by process 1 on elsewhere;");
  });

  it("that a crash cut short is taken over", () => {
    writeFileSync(join(folder, ".lock"), '{"pid":');
    lockFolder(folder).release();
    expect(existsSync(join(folder, ".lock"))).toBe(false);
  });

  it("cannot be had below a file", () => {
    writeFileSync(join(folder, "file"), "");
    const below = () => lockFolder(join(folder, "file", "run"));
    expect(below).toThrow(FileError);
    expect(below).toThrow(
      `cannot write to ${join(folder, "file", "run")}: a part of the path is a file, not a folder`,
    );
  });
});
