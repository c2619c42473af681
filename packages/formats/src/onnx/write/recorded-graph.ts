import { onCpu, Tensor, type Value } from "longspan";
import { dependencies, type Equation, type UnfoldAttrs, unfoldOp } from "longspan/engine";
import { OnnxError } from "../error.js";
import { chainOf } from "./chain-of.js";
import { Dims, openSize } from "./dims.js";
import type { Port } from "./graph-parts.js";
import type { GraphWriter } from "./graph-writer.js";
import type { ModelGraph } from "./model-graph.js";
import { operations } from "./operations.js";
import { type NamedParam, writeOperator } from "./operators.js";
import type { FoundChains } from "./padded-chains.js";
import type { ModelInput, ModelOutput, Run } from "./record.js";
import { Region, type Written } from "./region.js";
import type { StructureTensor } from "./row-patterns.js";
import { asRows, writeUnfold } from "./scan.js";
import { structureTensor } from "./structure-tensor.js";
import { writeTaps } from "./taps.js";

const apart = "write the layers before and after it as models of their own";

/** A recorded model on its way into a graph: each value is written when somebody asks for it. */
export class RecordedGraph implements ModelGraph {
  readonly dims: Dims;
  readonly region: Region;
  private readonly values = new Map<Value, Written>();
  private readonly producers = new Map<Value, readonly [Equation, Equation]>();
  private readonly params = new Map<Value, NamedParam>();
  private readonly live: ReadonlySet<Value>;

  constructor(
    private readonly what: string,
    readonly runs: readonly [Run, Run],
    params: ReadonlyMap<string, Tensor>,
    private readonly graph: GraphWriter,
    readonly found: FoundChains,
  ) {
    const [one, two] = runs;
    const named = new Map([...one.sizes].map(([name, a]) => [name, [a, two.sizes.get(name)!] as const]));
    const products = one.chains.map(({ chain }) => [chain.time, chain.batch] as const);
    this.dims = new Dims(what, named, products);
    this.region = new Region(what, graph, (name) => found.sizes.get(name)!, [[]]);
    const isSame = one.equations.length === two.equations.length;
    if (!isSame || one.equations.some((eq, i) => eq.op !== two.equations[i]!.op))
      this.refuse("the model", "its operations depend on how long sequences are", apart);
    one.equations.forEach((eq, i) => {
      for (const v of eq.outputs) this.producers.set(v, [eq, two.equations[i]!]);
    });
    const results = one.outputs.map(({ value }) => value);
    this.live = dependencies(one.equations, results);
    for (const { input, value } of one.inputs)
      if (input.over === "one") this.params.set(value, { name: input.name, tensor: params.get(input.name)! });
      else this.values.set(value, this.enter(input));
  }

  /** Gives a result the name and the shape that users see. */
  leave({ name, over, value }: ModelOutput, other: ModelOutput): Port {
    const x = this.operand(value, other.value, `the output ${name}`);
    const [first, ...row] = x.shape;
    const rows =
      typeof over === "object" ? [over.time, over.batch].map((size) => openSize(1, [size])) : [first!];
    const shape = [...rows, ...row];
    this.graph.give(typeof over === "object" ? this.region.reshape(x, shape) : x.name, name);
    return { name, type: x.dtype, shape };
  }

  /** A value as it stands in the graph. @param b the same in the other run */
  operand(a: Value, b: Value, where: string): Written {
    let written = this.values.get(a);
    if (written) return written;
    const producer = this.producers.get(a);
    const param = this.params.get(a);
    if (producer) this.writeEquation(...producer);
    else if (param) this.values.set(a, this.parameter(param));
    else if (a instanceof Tensor && b instanceof Tensor)
      this.values.set(
        a,
        structureTensor(a, b, where, this) ??
          this.refuse(
            where,
            "it reads a tensor that follows from the lengths of sequences in a way that is not known",
            apart,
          ),
      );
    written = this.values.get(a);
    return written ?? this.refuse(where, "it reads a value that was not recorded", apart);
  }

  /** An input as the values of the graph: rows in one line. */
  enter({ name, over, shape, dtype, batch = "batch" }: ModelInput): Written {
    if (typeof over !== "object") return { name, dtype, lead: 0, shape: [openSize(1, [batch]), ...shape] };
    const { padded } = this.found.chains.find(({ input }) => input === over)!;
    return asRows({ name, dtype, lead: 0, shape }, padded, this.region);
  }

  private parameter({ name, tensor }: NamedParam): Written {
    const { shape, dtype } = tensor;
    const written = this.graph.names.constant(onCpu(tensor).toArray(), shape, dtype, name);
    return { name: written, dtype, lead: 0, shape };
  }

  private writeEquation(a: Equation, b: Equation): void {
    if (a.op === unfoldOp) {
      this.writeUnfold(a, b);
      return;
    }
    const { name: op } = a.op;
    const result = a.outputs[0]!;
    const shape = this.dims.shape(result.shape, b.outputs[0]!.shape, op);
    const out = { dtype: result.dtype, lead: 0, shape };
    const taken = op === "gather" ? writeTaps(a, b, this) : null;
    if (taken !== null) {
      this.values.set(result, { name: taken, ...out });
      return;
    }
    const inputs = a.inputs.map((v, i) => this.operand(v, b.inputs[i]!, op));
    const attrs = this.attributes(a.attrs, b.attrs, op);
    const rule = operations[op] ?? this.refuse(op, "the operation has no form in ONNX", apart);
    const summed = op === "indexSum" ? this.perSequence(inputs) : null;
    this.values.set(result, { name: summed ?? rule({ op, attrs, inputs, out }, this.region), ...out });
  }

  /** The settings of an operation in both runs as one: numbers that differ are open sizes. */
  private attributes(a: unknown, b: unknown, where: string): unknown {
    if (typeof a === "number" && typeof b === "number")
      return Object.is(a, b) ? a : this.dims.of(a, b, where);
    if (Array.isArray(a)) return a.map((v, i) => this.attributes(v, (b as unknown[])[i], where));
    if (typeof a !== "object" || a === null) return a;
    const other = b as Record<string, unknown>;
    return Object.fromEntries(Object.entries(a).map(([k, v]) => [k, this.attributes(v, other[k], where)]));
  }

  /** A sum per sequence, in which padding does not count; null for sums over other indices. */
  private perSequence([values, index]: readonly Written[]): string | null {
    const { chain } = index as StructureTensor;
    if ((index as StructureTensor).pattern !== "sequences") return null;
    const { time, batch, mask } = chain;
    const [, ...row] = values!.shape;
    const { region, graph } = this;
    const padded = region.reshape(values!, [openSize(1, [time]), openSize(1, [batch]), ...row]);
    const axes = row.map((_, k) => 2 + k);
    const isStep = mask === null || axes.length === 0 ? mask : region.unsqueeze(mask, axes);
    const kept =
      isStep === null ? padded : graph.op("Where", [isStep, padded, graph.scalar(0, values!.dtype)]);
    return graph.op("ReduceSum", [kept, graph.ints([0])], { keepdims: 0 });
  }

  private writeUnfold(eq: Equation, other: Equation): void {
    const attrs = eq.attrs as UnfoldAttrs;
    const [run] = this.runs;
    const { index, reverse } = chainOf(attrs.structure, run.chains, this.what);
    const { padded: chain, lengths } = this.found.chains[index]!;
    const sets = attrs.structure.sets.map(({ name, sizes }) => {
      const at = run.chains.findIndex(({ T, B }) => sizes.length === B && sizes.every((n) => n === T));
      return (
        this.found.chains[at]?.padded ??
        this.refuse(
          `the set ${name}`,
          "its members are no steps of sequences that the model reads",
          "make it of what an encoder gives",
        )
      );
    });
    if (new Set(sets).size > 1)
      this.refuse(`cell ${attrs.cell.name}`, "it reads several sets", "use a cell that reads one");
    const call = { attrs, wanted: eq.outputs.map((v) => this.live.has(v)), chain, reverse, sets };
    const input = (i: number) => this.operand(eq.inputs[i]!, other.inputs[i]!, `cell ${attrs.cell.name}`);
    const param = (i: number) => this.params.get(eq.inputs[i]!) ?? null;
    const results =
      writeOperator({ ...call, input, param, lengths }, this.region) ??
      writeUnfold({ ...call, inputs: eq.inputs.map((_, i) => input(i)) }, this.region);
    eq.outputs.forEach((v, i) => {
      const written = results[i];
      if (written) this.values.set(v, written);
    });
  }

  /** The equations that make a value in both runs. */
  producerOf(value: Value): readonly [Equation, Equation] | undefined {
    return this.producers.get(value);
  }

  private refuse(where: string, found: string, remedy: string): never {
    throw new OnnxError(this.what, { where, found, remedy });
  }
}
