import { Trace, Var } from "../autodiff/index.js";
import type { InputSpec } from "../cell/index.js";
import type { AnySequenceLayer, Module } from "../nn/index.js";
import { Key, leafEntries, Tensor, type Value, zeros } from "../tensor/index.js";
import { chain, grid, Structure } from "../unfold/index.js";
import type { UnfoldAttrs } from "../unfold/unfold-op.js";
import { type Wire, type Wiring, WiringBuilder } from "./wiring.js";

/** A model that is drawn: its parts follow from what it does when it is applied. */
export type DrawableModel = Pick<Module<unknown, readonly never[], unknown>, "init" | "apply">;

/** What a sequence layer is applied to: rows of its input over a structure. */
export function argumentsOf({ input, further }: AnySequenceLayer, structure: Structure): readonly unknown[] {
  const rows = (spec: InputSpec) =>
    "shape" in spec ? zeros([structure.nodes, ...spec.shape], spec.dtype) : zeros([structure.nodes, ...spec]);
  const others = Object.entries(further ?? {}).map(([name, spec]) => [name, rows(spec)] as const);
  return [rows(input), structure, ...(others.length > 0 ? [{ inputs: Object.fromEntries(others) }] : [])];
}

/** The wiring of a model, of what it does to these arguments. Recurrences that it runs become steps with a memory. */
export function wiringOfModel(model: DrawableModel, args: readonly unknown[]): Wiring {
  const trace = new Trace(1, () => {}, "a drawing");
  const made = new WiringBuilder();
  const known = new Map<Value, Wire>();
  for (const structure of structuresIn(args)) made.over(structure);
  const rowsOf = (value: Value, near: readonly (number | null)[]): number | null =>
    near.find((over) => over !== null && made.structures[over]!.nodes === value.shape[0]) ?? null;
  const all = made.structures.map((_, over) => over);
  const enter = (
    value: Value,
    kind: "weight" | "input",
    name: string,
    near: readonly (number | null)[],
  ): Var => {
    const variable = trace.variable(value);
    known.set(variable, made.entry(value, rowsOf(value, near), { kind, name }));
    return variable;
  };
  const params = entered(model.init(Key.of(0)), (value, path) => enter(value, "weight", path, []));
  const inputs = args.map((arg) => {
    const own = structuresIn([arg]).map((structure) => made.over(structure));
    return entered(arg, (value, path) =>
      enter(value, "input", path === "" ? "x" : path.split(".").at(-1)!, own.length > 0 ? own : all),
    );
  });
  const result = (model.apply as (...args: readonly unknown[]) => unknown)(params, ...inputs);
  const wireOf = (value: Value, from: readonly Wire[] = []): Wire => {
    let wire = known.get(value);
    if (wire === undefined) {
      const rows = rowsOf(value, [...from.map((w) => made.rows[w]!), ...all]);
      const info = { shape: value.shape, dtype: value.dtype, isBatch: true };
      if (value instanceof Tensor) {
        wire = made.entry(info, null, { kind: "constant", name: "" });
        made.constants.set(wire, value);
      } else wire = made.wire(info, rows);
      known.set(value, wire);
    }
    return wire;
  };
  for (const { op, attrs, inputs: operands, outputs } of trace.equations) {
    const wires = operands.map((v) => wireOf(v));
    if (!isUnfold(attrs)) {
      made.steps.push({ op, attrs, inputs: wires, outputs: outputs.map((v) => wireOf(v, wires)) });
      continue;
    }
    const { cell, structure, initials, finals } = attrs;
    let next = cell.values.length;
    const starts = initials.map((has) => (has ? wires[next++]! : null));
    const near = wires
      .map((w) => made.rows[w]!)
      .find((k) => k !== null && made.structures[k]!.nodes === structure.nodes);
    const over = made.over(structure);
    const results = made.cell(cell, wires, starts, {
      over,
      rows: near ?? sameRows(made.structures, structure),
    });
    results.outputs.forEach((wire, i) => {
      known.set(outputs[i]!, wire);
    });
    let at = cell.outputs.length;
    results.finals.forEach((wire, s) => {
      if (!finals[s]) return;
      const last = made.wire(outputs[at]!, null);
      known.set(outputs[at++]!, last);
      made.steps.push({ op: "last", attrs: {}, inputs: [wire], outputs: [last] });
    });
  }
  const output = (result as { readonly output?: unknown }).output ?? result;
  for (const [path, value] of leafEntries(output))
    if (value instanceof Var) made.results.push({ name: path === "" ? "output" : path, wire: wireOf(value) });
  return made;
}

/** The structures of arguments, in their order. */
function structuresIn(args: readonly unknown[]): Structure[] {
  return args.flatMap((arg) =>
    arg instanceof Structure
      ? [arg]
      : typeof arg === "object" && arg !== null && Object.getPrototypeOf(arg) === Object.prototype
        ? structuresIn(Object.values(arg))
        : [],
  );
}

/** The first structure that has the nodes of another: itself, or one that carries other sets. */
function sameRows(structures: readonly Structure[], structure: Structure): number {
  return structures.findIndex(({ parts }) => parts.sequenceOf === structure.parts.sequenceOf);
}

function isUnfold(attrs: unknown): attrs is UnfoldAttrs {
  return typeof attrs === "object" && attrs !== null && "cell" in attrs && "structure" in attrs;
}

/** A tree with each of its tensors replaced; structures are left as they are. */
function entered(tree: unknown, replace: (value: Value, path: string) => Value): unknown {
  if (tree instanceof Structure || typeof tree !== "object" || tree === null) return tree;
  if (tree instanceof Tensor) return replace(tree, "");
  const walk = (at: unknown, path: string): unknown => {
    if (at instanceof Tensor) return replace(at, path);
    if (Array.isArray(at)) return at.map((v, i) => walk(v, `${path}[${i}]`));
    if (
      at instanceof Structure ||
      typeof at !== "object" ||
      at === null ||
      Object.getPrototypeOf(at) !== Object.prototype
    )
      return at;
    return Object.fromEntries(
      Object.entries(at).map(([k, v]) => [k, walk(v, path === "" ? k : `${path}.${k}`)]),
    );
  };
  return walk(tree, "");
}

/** A chain that is long enough to show what goes from step to step. */
export const shortChain = (): Structure => chain([3]);

/** A grid for models that run over grids alone. */
export const smallGrid = (): Structure => grid([[2, 2]]);
