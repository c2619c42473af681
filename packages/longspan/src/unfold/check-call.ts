import type { Shapes } from "../cell/index.js";
import { cellKind } from "../cell/kinds.js";
import {
  check,
  checkSettings,
  flag,
  isRecord,
  type KindsOf,
  kind,
  list,
  oneOf,
  optional,
  positive,
} from "../check/index.js";
import { keyKind, treeKind, valueKind } from "../tensor/kinds.js";
import { backwardKind, structureKind } from "./kinds.js";
import type { UnfoldOptions } from "./options.js";

/** Checks what `unfold` is given, as far as it does not depend on the cell. */
export function checkCall(
  cell: { readonly name: string },
  params: unknown,
  inputs: unknown,
  structure: unknown,
  options: UnfoldOptions<Shapes>,
): void {
  check("unfold", "cell", cell, cellKind);
  const what = `unfold ${cell.name}`;
  check(what, "params", params, treeKind);
  check(what, "inputs", inputs, record);
  check(what, "structure", structure, structureKind);
  checkSettings(what, options, optionKinds);
  const values = {
    initial: options.initial,
    "probes.writes": options.probes?.writes,
    "probes.reads": options.probes?.reads,
    "probes.formed": options.probes?.formed,
    "pullback.of": options.pullback?.of,
  };
  check(what, "probes.held", options.probes?.held, optional(list));
  check(what, "probes.direct", options.probes?.direct, optional(flag));
  for (const [name, value] of Object.entries(values)) {
    check(what, name, value, optional(record));
    for (const [slot, v] of Object.entries(value ?? {}))
      check(what, `${name}.${slot}`, v, optional(valueKind));
  }
}

const record = kind("a record of values by name", isRecord);
const optionKinds: KindsOf<UnfoldOptions<Shapes>> = {
  initial: optional(record),
  key: optional(keyKind),
  backward: optional(backwardKind),
  clipState: optional(positive),
  probes: optional(record),
  pullback: optional(record),
  states: optional(flag),
  activations: optional(flag),
  loop: optional(oneOf("compiled", "plain")),
};
