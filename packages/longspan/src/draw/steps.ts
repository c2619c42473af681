import type { Step, Wire, Wiring } from "./wiring.js";

/** Ops that hand their operand on: what they do to its shape is of no interest to a drawing. */
const passesOn: ReadonlySet<string> = new Set([
  "slice",
  "broadcastTo",
  "permute",
  "pad",
  "concat",
  "reshape",
  "spreadTo",
  "cast",
  "stopGradient",
  "clipGradient",
]);

/** What a step is called. */
export function nameOf({ op }: Step): string {
  return typeof op === "string" ? op : op.name;
}

/** Whether a drawing takes a step's result for its operand. */
export function isPassedOn({ op }: Step): boolean {
  return typeof op !== "string" && (passesOn.has(op.name) || op.lowering.kind === "alias");
}

/** Whether an op joins values, and is drawn as a sum is. */
export function isOperation(op: string): boolean {
  return ["mul", "div", "matmul", "outer", "select", "maximum", "reduceSum", "sumTo", "pickTo"].includes(op);
}

/** Which wires depend on what comes from outside, and not on weights alone. */
export function dataWires({ wires, steps, entries, memories }: Wiring): boolean[] {
  const data = wires.map(() => false);
  for (const [wire, { kind }] of entries)
    data[wire] = kind === "input" || kind === "member" || kind === "given";
  for (const { reads } of memories) for (const { wire } of reads) data[wire] = true;
  for (const { inputs, outputs } of steps) {
    const moves = inputs.some((wire) => data[wire]);
    for (const wire of outputs) data[wire] ||= moves;
  }
  return data;
}

/** The steps that read each wire that data go along. */
export function readersOf({ steps }: Wiring, isData: (wire: Wire) => boolean): Map<Wire, Step[]> {
  const readers = new Map<Wire, Step[]>();
  for (const step of steps)
    for (const wire of new Set(step.inputs.filter(isData))) {
      const list = readers.get(wire);
      if (list) list.push(step);
      else readers.set(wire, [step]);
    }
  return readers;
}

/** A softmax over the members of a set, which numbers of one node do not show. */
export function setFunction(steps: readonly Step[]): string | null {
  const has = (op: string) => steps.some((s) => nameOf(s) === op);
  const matters = steps.every((step) =>
    [
      "sub",
      "exp",
      "div",
      "sumTo",
      "maxTo",
      "spreadTo",
      "log",
      "add",
      "stopGradient",
      "constant",
      "select",
      "less",
      "maximum",
      "cast",
      "reshape",
      "broadcastTo",
    ].includes(nameOf(step)),
  );
  return matters && has("exp") && has("sumTo") && has("div") ? "softmax" : null;
}
