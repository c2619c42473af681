import { check } from "../../check/index.js";
import {
  formatShape,
  fromArray,
  leafEntries,
  mapTree,
  onCpu,
  ShapeError,
  sameShape,
  type TypedArray,
  type Value,
} from "../../tensor/index.js";
import { treeKind } from "../../tensor/kinds.js";
import type { PartialState } from "./stream.js";

/** One of the streams of a pool. */
export interface PooledStream<S> {
  /** How many steps came before. Can be set, together with `state`. */
  position: number;
  /** The state after the last step, as a copy: of the form of a layer's `final`, with one row. */
  get state(): S;
  /** Goes on from this state instead, copied; what it lacks is as before the first step. @throws ShapeError if a part has another shape */
  set state(state: PartialState<S>);
  /** Back to before the first step. */
  reset(): void;
  /** Leaves the pool. */
  close(): void;
}

/** What all streams of a pool begin with. */
export interface Begun<S> {
  readonly tree: S;
  readonly parts: readonly TypedArray[];
}

/** A stream of a pool, with the memory of its state. */
export class Member<S> implements PooledStream<S> {
  /** The parts of its state. */
  readonly parts: readonly TypedArray[];
  position = 0;

  constructor(
    private readonly begun: Begun<S>,
    private readonly leave: (member: Member<S>) => void,
  ) {
    this.parts = begun.parts.map((part) => part.slice());
  }

  get state(): S {
    let p = 0;
    return mapTree(this.begun.tree, (v) => fromArray(this.parts[p++]!.slice(), v.shape, v.dtype)) as S;
  }

  set state(state: PartialState<S>) {
    check("streamPool", "state", state, treeKind);
    const known = leafEntries(this.begun.tree);
    const changed = new Map(leafEntries(state));
    for (const [path, v] of changed) {
      const old = known.find(([name]) => name === path)?.[1];
      if (!old)
        throw new ShapeError(
          `streamPool: the state has no part ${path}; it has ${known.map(([name]) => name).join(", ")}`,
        );
      if (!sameShape(v.shape, old.shape))
        throw new ShapeError(
          `streamPool: the state's ${path} is ${formatShape(old.shape)}, got ${formatShape(v.shape)}`,
        );
    }
    for (const [p, [path]] of known.entries()) {
      const v: Value | undefined = changed.get(path);
      this.parts[p]!.set(v ? onCpu(v).toArray() : this.begun.parts[p]!);
    }
  }

  reset(): void {
    this.state = {} as PartialState<S>;
    this.position = 0;
  }

  close(): void {
    this.leave(this);
  }
}
