import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { freshFolder, jsonLines, longspan } from "./command.js";

const { path: folder, remove } = freshFolder();
afterAll(remove);
const disk = join(folder, "disk");

/** A file system of its own, if this process may make one. */
function mounted(kilobytes: number): boolean {
  mkdirSync(disk);
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${kilobytes}k`, "tmpfs", disk], { stdio: "ignore" });
    return true;
  } catch {
    // Mounting is root's alone, and not every container's root may.
    return false;
  }
}

it("a disk that fills up while training is told in one line; the checkpoint stays, and the run goes on when there is room", (context) => {
  if (!mounted(300)) return context.skip("no file system can be mounted here");
  try {
    writeFileSync(join(folder, "text.txt"), "the cat sat on the mat; the rat ran.\n".repeat(60));
    const train = (...args: string[]) =>
      longspan(folder, "train", "text", "text.txt", "--out", "disk/run", "--json", ...args);
    // A checkpoint takes about 75 kB: parameters, two moments, the best parameters.
    const model = ["--hidden", "24", "--features", "16", "--batch", "4", "--seq", "16"];
    expect(train(...model, "--steps", "10").code).toBe(0);
    const before = readdirSync(join(disk, "run")).sort();
    writeFileSync(join(disk, "filler"), "");
    for (let left = true; left; )
      try {
        writeFileSync(join(disk, "filler"), new Uint8Array(4096), { flag: "a" });
      } catch {
        left = false;
      }
    // Room for small files, not for a checkpoint.
    truncateSync(join(disk, "filler"), statSync(join(disk, "filler")).size - 24_576);
    const { code, stderr } = train("--resume", "--steps", "4000", "--save-seconds", "0.01");
    expect([code, stderr.split("\n").length]).toEqual([1, 2]);
    expect(stderr).toMatch(
      /^error: cannot write to disk\/run\/[\w.-]+: the disk is full; the checkpoint of step 10 is intact; to go on: longspan train text --resume --out disk\/run\n$/,
    );
    expect(readdirSync(join(disk, "run")).sort()).toEqual(before);
    writeFileSync(join(disk, "filler"), "");
    const after = train("--resume", "--steps", "12");
    expect([after.code, after.stderr]).toEqual([0, ""]);
    expect(jsonLines(after.stdout)[1]).toMatchObject({ event: "resumed", step: 10 });
  } finally {
    execFileSync("umount", [disk]);
  }
});
