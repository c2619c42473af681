import { check, iterable, text as textKind } from "../check/index.js";

/**
 * The parts of a text cut anew: none but the last ends where something could go on in the next.
 * @param what is called, for errors @param endOfSure where the last thing ends that ends there whatever follows
 */
export function* cutAnew(
  what: string,
  parts: Iterable<string>,
  endOfSure: (text: string) => number,
): Generator<string, void, undefined> {
  check(what, "parts", parts, iterable);
  let rest = "";
  for (const part of parts) {
    check(what, "a part of parts", part, textKind);
    const text = rest + part;
    const end = endOfSure(text);
    if (end > 0) yield text.slice(0, end);
    rest = text.slice(end);
  }
  if (rest !== "") yield rest;
}
