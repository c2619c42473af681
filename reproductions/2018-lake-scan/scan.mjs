// SCAN: commands and the actions that they stand for, in the two splits.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Key } from "longspan";
import { alphabet, draws } from "../pairs.mjs";

export const words = alphabet(
  "after and around jump left look opposite right run thrice turn twice walk".split(" "),
);
/** 0 and 1 are begin and end. */
export const actions = alphabet(["I_JUMP", "I_LOOK", "I_RUN", "I_TURN_LEFT", "I_TURN_RIGHT", "I_WALK"], 2);

/** Pairs that are held out of training to be looked at on the way. */
const checks = 300;
/** The length split trains on at most so many actions, and is tried on more. */
const longest = 22;

/**
 * @param folder that of `tasks_train_simple.txt` and `tasks_test_simple.txt`
 * @param split "simple": those two files; or "length": all pairs of both, by the number of actions, which is the published split
 */
export function readScan(folder, split) {
  const [train, test] = ["train", "test"].map((part) => read(join(folder, `tasks_${part}_simple.txt`)));
  const all = [...train, ...test];
  const isShort = ({ target }) => target.length <= longest;
  const [from, to] =
    split === "simple" ? [train, test] : [all.filter(isShort), all.filter((pair) => !isShort(pair))];
  const order = draws(Key.of(30)).shuffled(from);
  return { check: order.slice(0, checks), train: order.slice(checks), test: to };
}

function read(file) {
  return readFileSync(file, "utf8")
    .split("\n")
    .filter(Boolean)
    .map((line) => {
      const [, command, answer] = /^IN: (.*) OUT: (.*)$/.exec(line.trim());
      return { command, source: words.read(command.split(" ")), target: actions.read(answer.split(" ")) };
    });
}
