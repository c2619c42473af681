import { check, isRecord, kind } from "../check/index.js";
import { formatShape, fromArray, leafEntries, mapTree, sameShape } from "../tensor/index.js";
import { treeKind } from "../tensor/kinds.js";
import type { StoredWeights } from "./decode.js";
import type { StoredTensor } from "./elements.js";
import { quote, shapeText, WeightFileError, type WeightFileProblem } from "./weight-file-error.js";

/**
 * A tree of the form of `params` with the tensors of a weight file. Every name, type and shape is checked before the
 * first tensor is made; nothing is converted, broadcast or left out. (16-bit floats have become float32 when the file
 * was read.)
 *
 * @param params tree of tensors that gives names, types and shapes; its own tensors stay as they are.
 * @param stored from `decodeSafetensors`.
 * @throws WeightFileError listing every missing name, unexpected name, other type and other shape.
 * @example
 * const params = { w: zeros([2]) };
 * const file = await encodeSafetensors({ w: tensor([1, 2]) });
 * loadInto(params, decodeSafetensors(file)); // { w: [1, 2] }
 */
export function loadInto<P>(params: P, stored: StoredWeights): P {
  check("loadInto", "params", params, treeKind);
  check("loadInto", "stored", stored, storedKind);
  const names = new Set<string>();
  const problems: WeightFileProblem[] = [];
  for (const [name, { dtype, shape }] of leafEntries(params)) {
    names.add(name);
    const unread = stored.unread.get(name);
    if (unread) {
      problems.push({ tensor: name, expected: `${dtype} ${formatShape(shape)}`, found: unread.found });
      continue;
    }
    const found = stored.tensors.get(name);
    if (!found || found.dtype !== dtype || !sameShape(found.shape, shape))
      problems.push({
        tensor: name,
        expected: `${dtype} ${formatShape(shape)}`,
        found: found ? `${found.dtype} ${shapeText(found.shape)}` : "no such tensor",
      });
  }
  const others = [
    ...[...stored.tensors].map(([name, t]) => [name, `${t.dtype} ${shapeText(t.shape)}`] as const),
    ...[...stored.unread].map(([name, problem]) => [name, problem.found] as const),
  ];
  for (const [name, found] of others)
    if (!names.has(name))
      problems.push({
        tensor: name,
        expected: `no such tensor (the parameters are ${listed(names)})`,
        found,
      });
  const [first, ...more] = problems;
  if (first) throw new WeightFileError(first, ...more);
  return mapTree(params, (_, name) => tensorOf(stored.tensors.get(name)!));
}

function tensorOf({ data, shape, dtype }: StoredTensor) {
  return fromArray(data, shape, dtype);
}

function listed(names: ReadonlySet<string>): string {
  const some = [...names].slice(0, 4).map(quote).join(", ");
  return names.size === 0 ? "none" : names.size > 4 ? `${some} and ${names.size - 4} more` : some;
}

const storedKind = kind(
  "the weights that decodeSafetensors gives",
  (value) => isRecord(value) && value.tensors instanceof Map,
);
