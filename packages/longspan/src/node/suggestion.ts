import { check, listOf, suggestion as nearestIn, text } from "../check/index.js";

/**
 * ` (did you mean NAME?)`, or nothing if no name comes near: the end of a message about a name that is unknown, such as a task that a
 * server was asked for. The library's own messages use it for settings.
 *
 * @example
 * console.log(`there is no setting hiden${suggestion("hiden", ["layers", "hidden"])}`); // ... hiden (did you mean hidden?)
 */
export function suggestion(word: string, names: readonly string[]): string {
  check("suggestion", "word", word, text);
  check("suggestion", "names", names, listOf(text, "a list of names"));
  return nearestIn(word, names);
}
