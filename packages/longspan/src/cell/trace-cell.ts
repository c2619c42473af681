import { type Equation, refusePromise, Trace, Var } from "../autodiff/index.js";
import {
  apply,
  isWithin,
  type Op,
  type Scope,
  setSpaces,
  sumToOp,
  uniformOp,
  where,
  withAmbient,
} from "../ops/index.js";
import {
  type DType,
  formatShape,
  leafEntries,
  type Shape,
  ShapeError,
  sameShape,
  Tensor,
  Value,
} from "../tensor/index.js";
import { checkResult } from "./check-definition.js";
import { type CellGraph, type CellOutput, type Port, type Slot, usedValues } from "./graph.js";
import { type MessageReductions, reducedMessages } from "./messages.js";
import { printCell } from "./print.js";
import { type SetContext, setContext, setSum } from "./set-functions.js";
import { simplify } from "./simplify.js";
import {
  type EdgeContext,
  type InputSpec,
  type InputSpecs,
  isSpec,
  type ParamSpec,
  type SetSpecs,
  type Shapes,
  type StepContext,
  type StepResult,
  type ValuesOf,
} from "./step.js";
import { CellError, verifyCell } from "./verify.js";

/** Where an operand of the traced graph comes from. */
export type OperandSource =
  | { readonly from: "param"; readonly path: string }
  | { readonly from: "input"; readonly name: string }
  /** A node's input, seen by the edges that lead to the node. */
  | { readonly from: "edgeInput"; readonly name: string }
  /** An input of the edges themselves. */
  | { readonly from: "ofEdge"; readonly name: string }
  /** Whether an edge brings the state that its target had at the level before. */
  | { readonly from: "own" }
  /** An input of the members of a set. */
  | { readonly from: "member"; readonly set: string; readonly name: string }
  /** The position of each member in its set, or the number 1 for each; without a set, of the edges that lead to a node. */
  | { readonly from: "rank" | "one"; readonly set: string | null }
  | { readonly from: "key" | "example" | "position" };

/** A cell's equations with the names that its author gave. */
export interface TracedCell<O> {
  readonly graph: CellGraph;
  readonly sources: readonly OperandSource[];
  /** The form of the output, with the graph's variables at the leaves. */
  readonly output: O;
  /** The form of the sums. */
  readonly sums: unknown;
}

/** A definition's functions, their types forgotten. */
export interface Erased {
  edge?: ((values: never, params: never, context: EdgeContext<Shapes>) => ValuesOf<Shapes>) | undefined;
  start?: ((params: never, dtype: DType) => unknown) | undefined;
  step: (values: never, params: never, context: StepContext) => StepResult<Shapes, unknown, unknown>;
}

/** What tracing needs of a cell. */
export interface Untraced {
  readonly name: string;
  readonly inputs: InputSpecs;
  readonly sequenceInputs: InputSpecs;
  readonly sharedInputs: InputSpecs;
  readonly sets: SetSpecs;
  readonly edgeInputs: InputSpecs;
  readonly state: Shapes;
  readonly message: Shapes;
  readonly messages: MessageReductions | null;
  readonly ports: readonly string[];
  readonly specs: unknown;
  readonly definition: Erased;
}

const interned = new Map<string, CellGraph>();

/** Runs a cell's step once on stand-ins and records its equations. Equal cells share one graph. */
export function traceCell(cell: Untraced, dtype: DType): TracedCell<unknown> {
  const { definition } = cell;
  const trace = new Trace(1, (v, op) => rejectCaptured(cell.name, v, op), `cell ${cell.name}: the step`);
  const values: { name: string; variable: Var; source: OperandSource }[] = [];
  const enter = (name: string, shape: Shape, type: DType, scope: Scope, source: OperandSource) => {
    const variable = trace.variable({ shape, dtype: type }, scope);
    values.push({ name, variable, source });
    return variable;
  };
  const params = specValues(cell.specs, "", (path, spec) =>
    enter(path, spec.shape, spec.dtype ?? dtype, "one", { from: "param", path }),
  );
  const operands = (specs: InputSpecs, scope: Scope, from: "input" | "edgeInput" | "ofEdge") =>
    Object.fromEntries(
      Object.entries(specs).map(([name, spec]) => {
        const { shape, dtype: type } = inputSpec(spec, dtype);
        return [
          name,
          enter(from === "edgeInput" ? `${name}@edge` : name, shape, type, scope, { from, name }),
        ];
      }),
    );
  const own = operands(cell.inputs, "node", "input");
  const common = {
    ...operands(cell.sequenceInputs, "sequence", "input"),
    ...operands(cell.sharedInputs, "one", "input"),
  };
  const inputs = {
    ...own,
    ...common,
    ...Object.fromEntries(
      Object.entries(cell.sets).map(([set, specs], k) => [
        set,
        Object.fromEntries(
          Object.entries(specs).map(([name, spec]) => {
            const { shape, dtype: type } = inputSpec(spec, dtype);
            const source = { from: "member", set, name } as const;
            return [name, enter(`${set}.${name}`, shape, type, setSpaces[k]!.member, source)];
          }),
        ),
      ]),
    ),
  };
  const slots = slotsOf(cell.state, dtype);
  const messageSlots = definition.edge ? slotsOf(cell.message, dtype) : slots;
  const names = cell.ports.length > 0 ? cell.ports : ["in"];
  const byName = (vars: readonly Value[], of: readonly Slot[]) =>
    Object.fromEntries(of.map((s, i) => [s.name, vars[i]!]));

  return withAmbient(trace, () =>
    setContext.within(contextOfSets(cell, dtype, enter), () => {
      let edge: CellGraph["edge"] = null;
      let reduced: Value[] | null = null;
      if (definition.edge || cell.messages) {
        const state = slots.map((s) => trace.variable(s, "edge"));
        let message: readonly Value[] = state;
        if (definition.edge) {
          const edgeInputs = {
            ...operands(cell.inputs, "edge", "edgeInput"),
            ...operands(cell.edgeInputs, "edge", "ofEdge"),
          };
          const values = { ...edgeInputs, ...common, ...byName(state, slots) };
          const target = targetOf(slots, state, enter);
          const made = definition.edge(values as never, params as never, { target });
          message = checkSlots(cell.name, "the edge step's message", made, messageSlots);
        }
        // Messages are summed on their way, unless the cell has it otherwise: then nodes reduce what differs per edge.
        if (cell.messages || trace.equations.some(isOverEdges)) {
          checkOnePort(cell);
          reduced = reducedMessages(
            messageSlots.map((s) => s.name),
            message,
            cell.messages ?? {},
          );
          message = [];
        }
        edge = { when: "pull", state, message };
      }
      const inPorts: Port[] = names.map((name) => ({ name, slots: reduced ? [] : messageSlots }));
      const stateIn = inPorts.map((p) => p.slots.map((s) => trace.variable(s, "node")));
      const read =
        cell.ports.length > 0
          ? Object.fromEntries(names.map((n, i) => [n, byName(stateIn[i]!, messageSlots)]))
          : byName(reduced ?? stateIn[0]!, messageSlots);
      const result = definition.step({ ...inputs, ...read } as never, params as never, context(enter, dtype));
      refusePromise({ what: `cell ${cell.name}`, function: "the step" }, result);
      const whole = trace.equations.find((eq) => eq.op.lowering.kind === "run");
      if (whole)
        throw new CellError(
          `cell ${cell.name}: the step uses ${whole.op.name}, which runs over whole structures; a step sees one node`,
        );
      if (typeof result !== "object" || result === null || typeof result.state !== "object")
        throw new CellError(`cell ${cell.name}: the step must return { state, output }`);
      checkResult(cell.name, result);
      const stateOut = [checkSlots(cell.name, "the new state", result.state, slots)];
      const outputs: CellOutput[] = leafEntries(result.output).map(([path, value]) => {
        if (!(value instanceof Var)) rejectCaptured(cell.name, value, null);
        // What differs per member stays so; anything else is given at every node.
        const scope = isWithin("node", value.scope) ? "node" : value.scope;
        return { name: path === "" ? "output" : path, value, scope };
      });
      for (const [path, value] of leafEntries(result.sums)) {
        if (!(value instanceof Var)) rejectCaptured(cell.name, value, null);
        if (!isWithin(value.scope, "node"))
          throw new CellError(
            `cell ${cell.name}: the sum "${path}" does not depend on the node, so there is nothing to add up`,
          );
        const perNode = value.scope === "edge" ? setSum(value) : value;
        // Of a value per node and member, the sum over the nodes is one per member.
        const to = setSpaces.find(({ pair }) => pair === value.scope)?.member ?? "sequence";
        outputs.push({
          name: `sum.${path}`,
          value: apply(sumToOp, { from: (perNode as Var).scope, to }, perNode),
          scope: to,
        });
      }
      const recorded: CellGraph = {
        name: cell.name,
        inPorts,
        outPorts: [{ name: "out", slots }],
        sourceSlots: slots,
        sinkSlots: slots,
        values: values.map(({ name, variable }) => ({ name, variable })),
        stateIn,
        edge,
        equations: trace.equations,
        stateOut,
        outputs,
      };
      const used = usedValues(recorded);
      const isUsed = ({ variable }: { readonly variable: Var }) => used.has(variable);
      const kept = values.filter(isUsed);
      const graph = simplify({ ...recorded, values: recorded.values.filter(isUsed) });
      verifyCell(graph);
      const text = printCell(graph);
      const equal = interned.get(text);
      // The text names ops; a record that was defined again under the same name is another op.
      const known = equal?.equations.every((eq, i) => eq.op === graph.equations[i]!.op) ? equal : graph;
      interned.set(text, known);
      return {
        graph: known,
        sources: kept.map((v) => v.source),
        output: result.output,
        sums: result.sums ?? {},
      };
    }),
  );
}

/** The state of a node at the level before: what comes along the one edge that brings it. */
function targetOf(slots: readonly Slot[], state: readonly Value[], enter: Enter): () => ValuesOf<Shapes> {
  let own: Var | null = null;
  return () => {
    own ??= enter("own@edge", [], "int32", "edge", { from: "own" });
    return Object.fromEntries(slots.map((s, i) => [s.name, setSum(where(own!, state[i]!, 0))]));
  };
}

/** Whether an equation reduces what differs per edge to what differs per node. */
function isOverEdges({ attrs }: Equation): boolean {
  return attrs.from === "edge" && attrs.to === "node";
}

function checkOnePort({ name, ports }: Untraced): void {
  if (ports.length > 0)
    throw new CellError(
      `cell ${name}: the messages of a cell with ports (${ports.join(", ")}) are summed, port by port; other reductions are for cells with one way in`,
    );
}

/** What functions over sets ask for: each enters once, when it is asked for first. */
function contextOfSets(cell: Untraced, dtype: DType, enter: Enter): SetContext {
  const sets = Object.keys(cell.sets);
  const known = new Map<string, Var>();
  const coordinate = (from: "rank" | "one", members: Scope, type: DType) => {
    const set = sets[setSpaces.findIndex(({ member }) => member === members)] ?? null;
    const name = `${set ?? "edge"}@${from}`;
    const v = known.get(name) ?? enter(name, [], type, members, { from, set });
    known.set(name, v);
    return v;
  };
  return {
    cell: cell.name,
    positions: (members) => coordinate("rank", members, "int32"),
    ones: (members) => coordinate("one", members, dtype),
  };
}

/** Makes an operand of the cell. */
type Enter = (name: string, shape: Shape, type: DType, scope: Scope, source: OperandSource) => Var;

function context(enter: Enter, dtype: DType): StepContext {
  let sites = 0;
  const known = new Map<string, Var>();
  const coordinate = (from: "key" | "example" | "position", shape: Shape, scope: Scope) => {
    const v = known.get(from) ?? enter(from, shape, "int32", scope, { from });
    known.set(from, v);
    return v;
  };
  return {
    position: () => coordinate("position", [], "node"),
    uniform(shape, { per = "node" } = {}) {
      const key = coordinate("key", [2], "one");
      const example = coordinate("example", [], "sequence");
      const attrs = { shape, dtype, site: sites++ };
      if (per === "sequence") return apply(uniformOp, attrs, key, example, example);
      return apply(uniformOp, attrs, key, example, coordinate("position", [], "node"));
    },
  };
}

function specValues(specs: unknown, path: string, f: (path: string, spec: ParamSpec) => Value): unknown {
  if (isSpec(specs)) return f(path, specs);
  if (Array.isArray(specs)) return specs.map((s, i) => specValues(s, `${path}[${i}]`, f));
  const out: Record<string, unknown> = {};
  for (const [k, s] of Object.entries(specs as Record<string, unknown>))
    out[k] = specValues(s, path === "" ? k : `${path}.${k}`, f);
  return out;
}

function inputSpec(spec: InputSpec, dtype: DType): { shape: Shape; dtype: DType } {
  return "shape" in spec ? spec : { shape: spec, dtype };
}

function slotsOf(shapes: Shapes, dtype: DType): Slot[] {
  return Object.entries(shapes).map(([name, shape]) => ({ name, shape, dtype }));
}

function checkSlots(cell: string, what: string, values: ValuesOf<Shapes>, slots: readonly Slot[]): Value[] {
  for (const name of Object.keys(values))
    if (!slots.some((s) => s.name === name))
      throw new CellError(
        `cell ${cell}: ${what} has a slot "${name}" that is not declared (declared: ${slots.map((s) => s.name).join(", ") || "none"})`,
      );
  return slots.map((s) => {
    const v = values[s.name];
    if (!(v instanceof Value)) throw new CellError(`cell ${cell}: ${what} lacks the slot "${s.name}"`);
    if (v instanceof Tensor) rejectCaptured(cell, v, null);
    if (!sameShape(v.shape, s.shape) || v.dtype !== s.dtype)
      throw new ShapeError(
        `cell ${cell}: slot "${s.name}" of ${what} is ${v.dtype} ${formatShape(v.shape)}, expected ${s.dtype} ${formatShape(s.shape)} as declared`,
      );
    return v;
  });
}

function rejectCaptured(cell: string, v: Value, op: Op | null): never {
  const what = v instanceof Tensor ? "a tensor" : "a value";
  throw new CellError(
    `cell ${cell}: the step captures ${what} from outside (${v.dtype} ${formatShape(v.shape)}${op ? `, used in ${op.name}` : ""}); a step may use only its operands: pass it as a parameter or an input`,
  );
}
