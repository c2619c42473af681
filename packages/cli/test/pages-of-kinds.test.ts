import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bin, freshFolder } from "./command.js";

const { path: folder, remove } = freshFolder();
afterAll(remove);
const docs = fileURLToPath(new URL("../../../docs/", import.meta.url));

beforeAll(() => {
  const conllu = ["the DET", "cat NOUN", "sat VERB"]
    .map((line, i) => [String(i + 1), ...line.split(" ")])
    .map(([id, form, tag]) => [id, form, "_", tag, ...new Array(6).fill("_")].join("\t"))
    .join("\n");
  for (const name of ["train", "dev", "test"])
    writeFileSync(join(folder, `${name}.conllu`), `${conllu}\n\n`.repeat(20));
  const words = ["ab", "ba", "aab", "bba", "abab", "bab", "aa", "bb", "aba", "abba"];
  writeFileSync(
    join(folder, "words.tsv"),
    words.map((word) => `${word}\t${Array.from(word.toUpperCase()).join(" ")}\n`).join(""),
  );
  const reviews = words
    .map((word, i) => `${word},${i % 2 ? "good" : "bad"}\n`)
    .join("")
    .repeat(4);
  for (const name of ["reviews", "more", "new"])
    writeFileSync(join(folder, `${name}.csv`), `text,label\n${reviews}`);
  writeFileSync(join(folder, "words.txt"), `${words.join("\n")}\n`);
});

// What a newcomer copies from the pages works as it stands; trainings are cut short.
describe.each(["classifying.md", "tagging.md", "translating.md"])("%s", (page) => {
  const blocks = readFileSync(join(docs, page), "utf8").matchAll(/```sh\n([\s\S]*?)```/g);
  const commands = [...blocks].flatMap(([, block]) => block!.trim().split("\n"));
  it.each(commands)("%s", (command) => {
    const cut = command.replace(/^longspan train .*/, "$& --steps 3 --hidden 8");
    const shell = cut.replaceAll("longspan ", `"${process.execPath}" "${bin}" `);
    const { status, stderr } = spawnSync("sh", ["-c", shell], {
      cwd: folder,
      encoding: "utf8",
      env: { ...process.env, CI: "1" },
    });
    expect([stderr, status]).toEqual(["", 0]);
  });
});
