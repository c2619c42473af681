// The bAbI tasks as they lie in a folder.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { readStories } from "longspan";

/**
 * The questions of a task, for training or for the test.
 *
 * @param folder has files such as qa1_single-supporting-fact_train.txt
 * @param task 1 to 20 @param kind "train" or "test"
 */
export function questionsOf(folder, task, kind) {
  const name = readdirSync(folder).find(
    (name) => name.startsWith(`qa${task}_`) && name.endsWith(`_${kind}.txt`),
  );
  if (name === undefined) throw new Error(`there is no qa${task}_..._${kind}.txt in ${folder}`);
  try {
    return readStories(readFileSync(join(folder, name)));
  } catch (error) {
    throw new Error(`${name}: ${error.message}`, { cause: error });
  }
}
