import { chain, type Structure } from "../../unfold/index.js";

/** Per story a chain of its sentences, the same from the last to the first, and one node. */
type Chains = Readonly<Record<"facts" | "back" | "ones", Structure>>;

const known = new WeakMap<Structure, Chains>();

/** The chains of stories' sentences, for networks that read them in their order. @param structure that of the stories, with the set `sentences` */
export function chainsOf(structure: Structure): Chains {
  let chains = known.get(structure);
  if (!chains) {
    const sizes = Array.from(structure.set("sentences").sizes);
    chains = { facts: chain(sizes), back: chain(sizes, { reverse: true }), ones: chain(sizes.map(() => 1)) };
    known.set(structure, chains);
  }
  return chains;
}
