import type { CellGraph } from "../../cell/index.js";
import { keep, onCpu, scope, type Tensor, type Value } from "../../tensor/index.js";
import { type Keeper, keeper } from "../../unfold/formed-once.js";

/** What was formed once for a cell, and how to form it anew. */
interface Formed {
  readonly cell: CellGraph;
  readonly operands: readonly Value[];
  readonly own: readonly Value[];
  readonly values: readonly Tensor[];
  readonly compute: () => readonly Value[];
}

/**
 * Keeps, for the steps of a stream, what cells form of parameters, sequences and sets alone, such as the keys of attention: it is formed
 * at the first step, and none of it depends on what steps are given.
 */
export class FormedValues {
  private readonly all: Formed[] = [];

  /** @param constants what stays as it is from step to step; of nothing else is anything kept */
  constructor(private readonly constants: ReadonlySet<Value>) {}

  /** Runs a step that finds what was formed before, and forms what is missing. */
  within<T>(step: () => T): T {
    return keeper.within(this.find, step);
  }

  /** Forms everything anew, after parameters or inputs were written. */
  renew(): void {
    for (const { values, compute } of this.all)
      scope(() => {
        for (const [i, v] of compute().entries()) values[i]!.write(onCpu(v).toArray());
      });
  }

  /** Releases its memory. */
  dispose(): void {
    for (const { values, own } of this.all) for (const v of [...values, ...own]) (v as Tensor).dispose();
  }

  private readonly find: Keeper = (cell, operands, own, compute) => {
    if (!operands.every((v) => this.constants.has(v))) return null;
    const found = this.all.find(
      (f) =>
        f.cell === cell &&
        f.operands.every((v, i) => v === operands[i]) &&
        f.own.every((v, i) => haveSameNumbers(v, own[i]!)),
    );
    if (found) return found.values;
    const values = compute().map((v) => keep(v as Tensor));
    this.all.push({ cell, operands, own: own.map((v) => keep(v)), values, compute });
    return values;
  };
}

function haveSameNumbers(a: Value, b: Value): boolean {
  const [one, other] = [onCpu(a).toArray(), onCpu(b).toArray()];
  return one.length === other.length && one.every((x, i) => x === other[i]);
}
