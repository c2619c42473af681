import type { Cell, Shapes } from "../cell/index.js";
import { ambient, type Value } from "../tensor/index.js";
import type { Unfolded, UnfoldOptions, WatchedOptions } from "./options.js";
import type { Structure } from "./structures/structure.js";

/** One call of `unfold`, as a watcher sees it. */
export interface UnfoldCall {
  readonly cell: Cell;
  readonly params: unknown;
  readonly inputs: Readonly<Record<string, Value>>;
  readonly structure: Structure;
  readonly options: UnfoldOptions<Shapes>;
}

/** What an unfold gives, its types forgotten. */
export type AnyUnfolded = Unfolded<Shapes, unknown, unknown>;

/** Runs in place of an unfold; `run` runs it, with the options that it is given. */
export type UnfoldWatcher = (call: UnfoldCall, run: (options: WatchedOptions) => AnyUnfolded) => AnyUnfolded;

const watching = ambient<UnfoldWatcher | null>(null);

/**
 * Runs `f`, every unfold in it under the eyes of `watcher`: so that what flows through a model can be looked at from outside. An
 * unfold inside the watcher itself is not watched.
 *
 * @example
 * let nodes = 0;
 * const cell = rnn({ input: 3, hidden: 4 });
 * const run = () => unfold(cell, cell.init(Key.of(1)), { x: zeros([5, 3]) }, chain([3, 2]));
 * watchUnfolds((call, go) => {
 *   nodes += call.structure.nodes;
 *   return go(call.options);
 * }, run);
 * nodes; // 5
 */
export function watchUnfolds<T>(watcher: UnfoldWatcher, f: () => T): T {
  return watching.within(watcher, f);
}

/** Runs an unfold, under the watcher if there is one. */
export function watched(
  call: { cell: unknown; params: unknown; inputs: unknown; structure: Structure; options: unknown },
  run: (options: UnfoldOptions<Shapes>) => unknown,
): unknown {
  const watcher = watching.present;
  if (watcher === null) return run(call.options as UnfoldOptions<Shapes>);
  return watching.within(null, () =>
    watcher(call as UnfoldCall, run as (options: WatchedOptions) => AnyUnfolded),
  );
}
