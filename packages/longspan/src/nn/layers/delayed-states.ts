import type { Shapes } from "../../cell/index.js";
import { reshape } from "../../ops/index.js";
import { formatShape, ShapeError, sameShape, type Value } from "../../tensor/index.js";
import type { Delays, Structure } from "../../unfold/index.js";
import { portsOf } from "../../unfold/structures/delays.js";
import { withDelays } from "../../unfold/structures/with-delays.js";

/** States by slot. */
type States = Readonly<Record<string, Value | undefined>>;

/** What a layer with delays makes of chains and of states: those of the last D steps of a sequence, [sequences, D, ...slot]. */
export class DelayedStates {
  private readonly known = new WeakMap<Structure, Structure>();
  private readonly longest: number;

  constructor(
    private readonly name: string,
    private readonly delays: Delays,
  ) {
    this.longest = Math.max(...portsOf("recurrent", delays).flatMap((port) => port.delays));
  }

  /** The chain with these delays. @throws StructureError for what is no chain */
  over(structure: Structure): Structure {
    let delayed = this.known.get(structure);
    if (!delayed) {
      delayed = withDelays(structure, this.delays);
      this.known.set(structure, delayed);
    }
    return delayed;
  }

  /** [sequences, D, ...slot] -> [sequences * D, ...slot]. @throws ShapeError for another shape, naming the slot */
  toRows<S extends States>(initial: S, slots: Shapes): S {
    const rows = Object.entries(initial).map(([slot, v]) => {
      const shape = slots[slot];
      if (v === undefined || shape === undefined) return [slot, v];
      const [sequences = 0] = v.shape;
      if (!sameShape(v.shape, [sequences, this.longest, ...shape]))
        throw new ShapeError(
          `recurrent ${this.name}: initial.${slot} is ${formatShape(v.shape)}, expected ${formatShape([sequences, this.longest, ...shape])}: with delays up to ${this.longest} a sequence starts from the states of so many steps, the oldest first`,
        );
      return [slot, reshape(v, [sequences * this.longest, ...shape])];
    });
    return Object.fromEntries(rows);
  }

  /** [sequences * D, ...slot] -> [sequences, D, ...slot]. */
  fromRows<S extends States>(final: S): S {
    const sequences = Object.entries(final).map(([slot, v]) => [
      slot,
      v && reshape(v, [v.shape[0]! / this.longest, this.longest, ...v.shape.slice(1)]),
    ]);
    return Object.fromEntries(sequences);
  }
}
