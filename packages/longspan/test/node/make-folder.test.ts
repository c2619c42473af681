import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { FileError, lockFolder, makeFolder, tensorBoardFile } from "longspan/node";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "longspan folder "));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe("a folder", () => {
  it("is made with those that it lies in, and may be there", () => {
    const path = join(folder, "a", "b", "c");
    for (let k = 0; k < 2; k++) {
      makeFolder(path);
      expect(statSync(path).isDirectory()).toBe(true);
    }
    makeFolder(relative(process.cwd(), join(folder, "by", "a", "way", "from", "here")));
    expect(statSync(join(folder, "by/a/way/from/here")).isDirectory()).toBe(true);
    makeFolder("/");
  });

  it("may be behind a link", () => {
    makeFolder(join(folder, "there"));
    symlinkSync(join(folder, "there"), join(folder, "link"));
    makeFolder(join(folder, "link"));
    makeFolder(join(folder, "link", "below"));
    expect(statSync(join(folder, "there", "below")).isDirectory()).toBe(true);
  });

  const refused = (path: string, why: string) => {
    for (const make of [makeFolder, lockFolder, tensorBoardFile]) {
      expect(() => make(path)).toThrow(FileError);
      expect(() => make(path)).toThrow(`cannot write to ${path}: ${why}`);
    }
  };

  it.skipIf(process.platform !== "linux")("that cannot be made where it is asked for is an error", () => {
    refused("/proc/x", "no folder can be made in /proc");
    refused("/proc/x/y/z", "no folder can be made in /proc");
  });

  it("below a file, or a link to nothing, is an error", () => {
    writeFileSync(join(folder, "file"), "");
    refused(join(folder, "file"), "there is a file of that name");
    refused(join(folder, "file", "x", "y"), "a part of the path is a file, not a folder");
    symlinkSync(join(folder, "nowhere"), join(folder, "link"));
    refused(join(folder, "link", "x"), "there is a file of that name");
  });

  it("is made in one place of the packages only", () => {
    const packages = fileURLToPath(new URL("../../..", import.meta.url));
    const sources = ["longspan/src", "cli/src"].flatMap((room) =>
      readdirSync(join(packages, room), { recursive: true, encoding: "utf8" }).map((name) =>
        join(room, name),
      ),
    );
    const makers = sources.filter(
      (name) =>
        name.endsWith(".ts") && /mkdirSync\(|mkdir\(/.test(readFileSync(join(packages, name), "utf8")),
    );
    expect(makers).toEqual([join("longspan", "src", "node", "make-folder.ts")]);
  });
});
