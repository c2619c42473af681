import { check, func } from "../check/index.js";
import { ambient } from "./ambient.js";

/** What a scope can release. */
interface Releasable {
  dispose(): void;
  /** Called when no scope is left that would release it. */
  leaveScopes?(): void;
  /** Marks it as its user's, whatever takes its place. */
  keep?(): void;
  /** Releases it since something took its place, unless it is kept; `by` says what. */
  replaced?(by: string): void;
}

interface Frame {
  readonly parent: Frame | null;
  readonly owned: Set<Releasable>;
}

/** The innermost scope. */
const current = ambient<Frame | null>(null);
/** Whether scopes release anything: not while a transform needs what they would. */
const releasing = ambient(true);

/** Called for each new tensor. */
export function adopt(t: Releasable): void {
  handOver(t, current.present);
}

function handOver(t: Releasable, to: Frame | null): void {
  if (to) to.owned.add(t);
  else t.leaveScopes?.();
}

/** Called when a tensor is disposed of by hand. */
export function forget(t: Releasable): void {
  for (let f = current.present; f !== null; f = f.parent) f.owned.delete(t);
}

/**
 * Runs `f` and releases every tensor made inside that is neither returned (in arrays and records of any depth) nor
 * kept. Inside a function that is being differentiated or traced, a scope releases nothing: the transform around it
 * still needs the values and releases them itself.
 *
 * @example
 * const g = tensor([3, 4]);
 * const norm = scope(() => sqrt(sum(mul(g, g)))); // 5; only the result stays
 */
export function scope<T>(f: () => T): T {
  check("scope", "f", f, func);
  if (!releasing.present) return f();
  const frame: Frame = { parent: current.present, owned: new Set() };
  let result: T;
  try {
    result = current.within(frame, f);
  } catch (error) {
    release(frame);
    throw error;
  }
  if (result instanceof Promise) {
    release(frame);
    throw new TypeError(
      "scope() takes a synchronous function: its tensors would be released before the promise settles",
    );
  }
  survivors(result, (t) => {
    if (frame.owned.delete(t)) handOver(t, frame.parent);
  });
  release(frame);
  return result;
}

/**
 * Takes a tensor, or all tensors of a tree, out of every scope, and from what would release them to replace them (`trainingStep`): they
 * live until disposed of. Returns its argument.
 * @example
 * let longest = tensor([0]);
 * scope(() => {
 *   longest = keep(add(tensor([1]), 2));
 * });
 * longest.isReleased // false: it is the caller's to dispose of
 */
export function keep<T>(tree: T): T {
  survivors(tree, (t) => {
    forget(t);
    t.keep?.();
    t.leaveScopes?.();
  });
  return tree;
}

/**
 * Releases the tensors of a tree because others took their place, but not those that were kept. Inside a transform, which may need
 * them, nothing is released.
 * @param by completes "was released by ..."
 * @example
 * const [old, best] = [tensor([1]), keep(tensor([2]))];
 * releaseReplaced([old, best], "the next round");
 * [old.isReleased, best.isReleased] // [true, false]
 */
export function releaseReplaced(tree: unknown, by: string): void {
  if (releasing.present) survivors(tree, (t) => t.replaced?.(by));
}

/**
 * Scopes opened while `f` runs release nothing. For transforms, whose residuals outlive the scopes of the user's function.
 * @example
 * let inner = tensor([0]);
 * withoutRelease(() => scope(() => { inner = mul(tensor([3]), 2); }));
 * inner.isReleased // false
 */
export function withoutRelease<T>(f: () => T): T {
  return releasing.within(false, f);
}

/**
 * A scope for a transform: scopes opened while `f` runs release nothing. `f` may say on its way what it needs from then on: what
 * was made so far and is not in the tree is released at once. Inside another transform, which may need all of it, nothing is.
 * @example
 * let [first, second] = [tensor([0]), tensor([0])];
 * scopeOfTransform((need) => {
 *   [first, second] = [mul(tensor([3]), 2), mul(tensor([3]), 4)];
 *   need([second]);
 *   return [first.isReleased, second.isReleased]; // [true, false]
 * });
 */
export function scopeOfTransform<T>(f: (need: (tree: unknown) => void) => T): T {
  if (!releasing.present) return f(() => {});
  return scope(() => {
    const { owned } = current.present!;
    return withoutRelease(() =>
      f((tree) => {
        const needed = new Set<Releasable>();
        survivors(tree, (t) => needed.add(t));
        for (const t of [...owned]) if (!needed.has(t)) t.dispose();
      }),
    );
  });
}

/**
 * As `scope`, but releases even while a function around it is differentiated or traced. For work on data alone, whose
 * intermediate results no interpreter has seen.
 * @example
 * let inner = tensor([0]);
 * withoutRelease(() => scopeOfData(() => { inner = mul(tensor([3]), 2); }));
 * inner.isReleased // true
 */
export function scopeOfData<T>(f: () => T): T {
  return releasing.within(true, () => scope(f));
}

/**
 * Runs `f` and hands over what it made: every tensor made inside belongs to the caller, and `dispose` releases those
 * that `f` did not return.
 * @example
 * const { result, dispose } = owning(() => {
 *   const hidden = mul(tensor([3]), 2);
 *   return { square: mul(hidden, hidden), hidden: () => hidden };
 * });
 * dispose(); // releases `hidden`, not `result.square`
 */
export function owning<T>(f: () => T): {
  result: T;
  /** Releases what was made and not returned. */
  dispose: () => void;
} {
  // Inside a transform everything belongs to the transform, whose own derivative may need it.
  if (!releasing.present) return { result: f(), dispose: () => {} };
  const frame: Frame = { parent: null, owned: new Set() };
  let result: T;
  try {
    result = current.within(frame, () => withoutRelease(f));
  } catch (error) {
    release(frame);
    throw error;
  }
  survivors(result, (t) => {
    if (frame.owned.delete(t)) handOver(t, current.present);
  });
  for (const t of frame.owned) t.leaveScopes?.();
  return { result, dispose: () => release(frame) };
}

function release(frame: Frame): void {
  for (const t of [...frame.owned]) t.dispose();
}

function survivors(tree: unknown, visit: (t: Releasable) => void): void {
  if (typeof tree !== "object" || tree === null) return;
  if (isReleasable(tree)) visit(tree);
  else if (Array.isArray(tree)) for (const t of tree) survivors(t, visit);
  else if (isPlain(tree)) for (const t of Object.values(tree)) survivors(t, visit);
}

function isReleasable(t: object): t is Releasable {
  return "dispose" in t && typeof t.dispose === "function" && "shape" in t;
}

function isPlain(t: object): boolean {
  const proto = Object.getPrototypeOf(t);
  return proto === Object.prototype || proto === null;
}
