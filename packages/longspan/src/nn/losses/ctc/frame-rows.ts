import type { Structure } from "../../../unfold/index.js";

/** Per sequence, the rows of its nodes in the order in which they were given: its frames. */
export function frameRows({ nodes, sequences, parts: { sequenceOf, order } }: Structure): number[][] {
  const inOrder = new Int32Array(nodes);
  order.forEach((place, row) => {
    inOrder[place] = row;
  });
  const rows = Array.from({ length: sequences }, (): number[] => []);
  for (const row of inOrder) rows[sequenceOf[row]!]!.push(row);
  return rows;
}
