import { check, describe, isRecord, kind, type RequiredKind } from "../../check/index.js";
import { formatShape, ShapeError, Value } from "../../tensor/index.js";
import { treeKind, valueKind } from "../../tensor/kinds.js";
import { type Structure, StructureError } from "../../unfold/index.js";
import { structureKind } from "../../unfold/kinds.js";

/** Sequences: rows and where they lie. */
export interface Sequences {
  /** Rows of the structure, [nodes, ...]. */
  readonly x: Value;
  /** A chain per sequence. */
  readonly structure: Structure;
}

/** Sequences to be written. */
export interface TargetSequences {
  /** What the decoder reads at each node: the output before it. Absent where it reads none. */
  readonly x?: Value | undefined;
  /** A chain per sequence, as many as there are sources. */
  readonly structure: Structure;
}

/** Checks a source. */
export function checkSource(what: string, source: unknown): asserts source is Sequences {
  check(what, "source", source, sequencesKind);
  const { x, structure } = source as Sequences;
  check(what, "source.x", x, valueKind);
  check(what, "source.structure", structure, structureKind);
}

/** Checks a target. @param reads whether the decoder reads the outputs before */
export function checkTarget(
  what: string,
  target: unknown,
  reads: boolean,
  sources: number,
): asserts target is TargetSequences {
  check(what, "target", target, sequencesKind);
  const { x, structure } = target as TargetSequences;
  check(what, "target.structure", structure, structureKind);
  if (reads) check(what, "target.x", x, valueKind);
  else if (x !== undefined)
    throw new ShapeError(
      `${what}: target.x is ${x instanceof Value ? `${x.dtype} ${formatShape(x.shape)}` : describe(x)}, but the decoder reads no outputs: leave it out, or say what it reads with the setting reads`,
    );
  if (structure.sequences !== sources)
    throw new StructureError(
      `${what}: there are ${structure.sequences} targets and ${sources} sources; each source has one target`,
    );
}

const sequencesKind: RequiredKind = kind("a record { x, structure }", isRecord);

/** Checks that parameters have the parts of the model. @throws TypeError naming one that is missing */
export function checkParts(what: string, params: unknown, names: readonly string[]): void {
  check(what, "params", params, treeKind);
  for (const name of names)
    check(what, `params.${name}`, (params as Readonly<Record<string, unknown>>)[name], treeKind);
}
