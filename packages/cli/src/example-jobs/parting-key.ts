import { Key } from "longspan";

/** Of what is held out of the data of a run: set apart from the keys of its training. */
export function partingKey(seed: number): Key {
  return Key.of(seed).fold(0x9a27);
}
