import { type StoredWeights, WeightFileError } from "longspan";
import type { LayerPart, LayerWeights, StoredLayer, Variable } from "../keras/layer-weights.js";

/**
 * The weights of a layer by its name, which is a part of theirs: `lstm_1/kernel`, `lstm_1/lstm_cell/kernel`, `two/forward_lstm/kernel`, and for
 * the cells of a stack `rnn/RNNCell_0/kernel`, in their order.
 *
 * @param read the names that were asked for
 */
export function namedWeights(
  { layer, name }: StoredLayer,
  stored: StoredWeights,
  read: Set<string>,
): LayerWeights {
  const names = [...stored.tensors.keys(), ...stored.unread.keys()].map((full) => ({
    full,
    parts: full.split("/"),
  }));
  const first = names.filter(({ parts }) => parts[0] === name);
  // A model within a model, or a converter, puts something before it.
  const own = first.length > 0 ? first : names.filter(({ parts }) => parts.slice(0, -1).includes(name));
  const candidates = (variable: Variable, { direction }: LayerPart) =>
    own.filter(
      ({ parts }) =>
        parts.at(-1) === variable && (!direction || parts.some((part) => part.startsWith(`${direction}_`))),
    );
  return {
    nameOf(variable, part) {
      const found = candidates(variable, part);
      const { cell } = part;
      if (cell !== undefined) return cellName(found, cell, variable);
      if (found.length > 1)
        throw new WeightFileError({
          tensor: found[1]!.full,
          expected: `one ${variable} of the ${layer.kind} layer "${name}"`,
          found: `${found.length} of them`,
        });
      return found[0]?.full ?? `${name}/${part.direction ? `${part.direction}_` : ""}${variable}`;
    },
    has: (full) => stored.tensors.has(full) || stored.unread.has(full),
    find(full) {
      read.add(full);
      const problem = stored.unread.get(full);
      if (problem) throw new WeightFileError(problem);
      return stored.tensors.get(full);
    },
  };

  /** Cells are told apart by a number, or by their order. */
  function cellName(found: { full: string; parts: string[] }[], cell: number, variable: Variable): string {
    const numbered = found.find(({ parts }) => parts.includes(`RNNCell_${cell}`));
    return (numbered ?? found[cell])?.full ?? `${name}/RNNCell_${cell}/${variable}`;
  }
}
