import { leafEntries, Tensor } from "../tensor/index.js";
import { hasLoneSurrogate } from "./utf8.js";
import { quote } from "./weight-file-error.js";

/** The tensors of a tree by their paths. @param what the caller, for messages @param reserved names that the format keeps for itself */
export function named(
  what: string,
  tree: unknown,
  reserved: readonly string[] = [],
): [name: string, tensor: Tensor][] {
  const seen = new Set<string>();
  return leafEntries(tree).map(([name, v]) => {
    if (!(v instanceof Tensor))
      throw new TypeError(`${what}: ${quote(name)} is being traced or differentiated and holds no data`);
    if (seen.has(name)) throw new TypeError(`${what}: two tensors have the name ${quote(name)}`);
    if (reserved.includes(name) || hasLoneSurrogate(name))
      throw new TypeError(`${what}: a tensor cannot have the name ${quote(name)}`);
    seen.add(name);
    return [name, v];
  });
}
