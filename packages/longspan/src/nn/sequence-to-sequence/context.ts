import { checkSettings, func, isRecord, kind, optional, type RequiredKind, size } from "../../check/index.js";
import { concat } from "../../ops/index.js";
import { describeElement, formatShape, leaves, ShapeError, sameShape, Value } from "../../tensor/index.js";
import type { Structure } from "../../unfold/index.js";

/** A source as the encoder has read it. */
export interface ReadSource<S> {
  /** The encoder's outputs, in the rows of the structure. */
  readonly output: Value;
  /** Its last states, one row per sequence. */
  readonly final: S;
  readonly structure: Structure;
}

/** The context C: a vector made of the source. */
export interface ContextConfig<S> {
  /** Its features. */
  readonly features: number;
  /** What it is made by, [sequences, features]. By default the encoder's last state: all vectors of it, joined. */
  readonly of?: (read: ReadSource<S>) => Value;
}

/** C of a source. @param setting what messages call it @throws ShapeError if it has not the features that were declared */
export function contextOf<S>(
  what: string,
  { features, of = lastState }: ContextConfig<S>,
  read: ReadSource<S>,
  setting = "context",
): Value {
  const C = of(read);
  const expected = [read.structure.sequences, features];
  if (!(C instanceof Value) || !sameShape(C.shape, expected))
    throw new ShapeError(
      `${what}: the ${setting} is ${C instanceof Value ? formatShape(C.shape) : describeElement(C)}, expected ${formatShape(expected)}, [sequences, features]: set ${setting}.features to what ${of === lastState ? "the last state has, all its vectors joined" : `${setting}.of gives`}`,
    );
  return C;
}

function lastState({ final }: ReadSource<unknown>): Value {
  const vectors = leaves(final).filter((v) => v.rank === 2);
  return vectors.length === 1 ? vectors[0]! : concat(vectors);
}

/** Checks the settings of a context. @param setting what messages call it */
export function checkContext<S>(
  what: string,
  context: ContextConfig<S>,
  setting = "context",
): ContextConfig<S> {
  return checkSettings(`${what}: ${setting}`, context as object, {
    features: size,
    of: optional(func),
  }) as ContextConfig<S>;
}

/** Settings of a context, before they are looked at one by one. */
export const contextKind: RequiredKind = kind("a record { features }", isRecord);
