import type { RandomNumbers } from "../tensor/index.js";

/** A list in an order of which all are as likely (Fisher and Yates); changed where it is. */
export function shuffled<L extends { readonly length: number; [i: number]: unknown }>(
  list: L,
  draws: RandomNumbers,
): L {
  for (let i = list.length - 1; i > 0; i--) {
    const j = draws.below(i + 1);
    const other = list[j];
    list[j] = list[i];
    list[i] = other;
  }
  return list;
}
