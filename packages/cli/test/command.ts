import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const bin = fileURLToPath(new URL("../bin/longspan.js", import.meta.url));

/** What a finished command left. */
export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A fresh folder whose name has spaces in it. */
export function freshFolder(): { path: string; remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), "longspan cli "));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** Runs `longspan` as built, to its end. */
export function longspan(folder: string, ...args: string[]): Finished {
  const { status, stdout, stderr } = spawnSync(process.execPath, [bin, ...args], {
    cwd: folder,
    encoding: "utf8",
    env: { ...process.env, CI: "1" },
    // One that hangs ends with a test that fails, not with one that never ends.
    timeout: 60_000,
    killSignal: "SIGKILL",
  });
  return { code: status, stdout, stderr };
}

/** Starts `longspan` and sends a signal as soon as `when` says so of what it has printed. */
export function interrupted(
  folder: string,
  args: readonly string[],
  when: (stdout: string) => boolean,
  signal: NodeJS.Signals,
): Promise<Finished> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [bin, ...args], { cwd: folder });
    let [stdout, stderr, sent] = ["", "", false];
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
      if (sent || !when(stdout)) return;
      sent = true;
      child.kill(signal);
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
    });
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, stdout, stderr }));
  });
}

/** The objects of a text of JSON lines. */
export function jsonLines(text: string): Record<string, unknown>[] {
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}
