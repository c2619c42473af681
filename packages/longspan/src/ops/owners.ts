/**
 * Which example each row (along axis 0) of a value belongs to: -1 for a row of zeros, which belongs to none. What an op makes
 * of them is in its record (`owners`).
 */
export type Owners = Int32Array;

/** A row that belongs to no example. */
export const noOwner = -1;

/** Owners of rows that come from several rows each; null once two of those belong to different examples. */
export class JoinedOwners {
  private readonly owners: Int32Array;
  private consistent = true;

  constructor(rows: number) {
    this.owners = new Int32Array(rows).fill(noOwner);
  }

  /** Row `row` of the result takes something from a row of this owner. */
  join(row: number, owner: number): void {
    const known = this.owners[row]!;
    if (known === noOwner) this.owners[row] = owner;
    else if (owner !== noOwner && owner !== known) this.consistent = false;
  }

  /** The owners of all rows. */
  result(): Owners | null {
    return this.consistent ? this.owners : null;
  }
}
