import { check, checkSettings, type KindsOf, optional, orNull, positive } from "../../check/index.js";
import type { DType } from "../../tensor/index.js";
import { dtypeKind, keyKind, treeKind, valueKind } from "../../tensor/kinds.js";
import { backwardKind, structureKind } from "../../unfold/kinds.js";
import type { SequenceOptions } from "../module.js";
import { rowsKind } from "./rows.js";

/** Checks what a layer's `init` is given. */
export function checkInit(what: string, key: unknown, dtype: DType): void {
  check(`${what}.init`, "key", key, keyKind);
  check(`${what}.init`, "dtype", dtype, dtypeKind);
}

/** Checks what the `apply` of a layer without a structure is given. */
export function checkApply(what: string, params: unknown, x: unknown): void {
  check(`${what}.apply`, "params", params, treeKind);
  check(`${what}.apply`, "x", x, valueKind);
}

/** Checks what the `apply` of a layer over sequences is given. */
export function checkOver(
  what: string,
  params: unknown,
  x: unknown,
  structure: unknown,
  options: SequenceOptions<unknown> | undefined,
): void {
  checkApply(what, params, x);
  check(`${what}.apply`, "structure", structure, structureKind);
  if (options !== undefined) checkSettings(`${what}.apply`, options, sequenceKinds);
}

const sequenceKinds: KindsOf<SequenceOptions<unknown>> = {
  initial: optional(treeKind),
  inputs: optional(treeKind),
  key: optional(orNull(keyKind)),
  backward: optional(backwardKind),
  clipState: optional(positive),
  rows: optional(rowsKind),
};
