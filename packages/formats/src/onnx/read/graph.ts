import type { Tensor, Value } from "longspan";
import type { AttributeProto, GraphProto, NodeProto, ValueInfoProto } from "../proto/onnx_pb.js";
import { refuse } from "./decode-model.js";
import { dtypeOf, tensorOf } from "./tensors.js";

/** What a node is set to, as the file has it; wrong kinds are refused where they are read. */
export class Attributes {
  private readonly byName = new Map<string, AttributeProto>();

  constructor(
    attributes: readonly AttributeProto[],
    private readonly where: string,
  ) {
    for (const attribute of attributes) this.byName.set(attribute.name, attribute);
  }

  has(name: string): boolean {
    return this.byName.has(name);
  }

  int(name: string, otherwise: number): number {
    const found = this.byName.get(name);
    return found ? Number(found.i) : otherwise;
  }

  float(name: string, otherwise: number): number {
    return this.byName.get(name)?.f ?? otherwise;
  }

  ints(name: string): number[] | null {
    return this.byName.get(name)?.ints.map(Number) ?? null;
  }

  text(name: string, otherwise: string): string {
    const found = this.byName.get(name);
    return found ? new TextDecoder().decode(found.s) : otherwise;
  }

  texts(name: string): string[] | null {
    return this.byName.get(name)?.strings.map((s) => new TextDecoder().decode(s)) ?? null;
  }

  tensor(name: string): Tensor | null {
    const found = this.byName.get(name)?.t;
    return found ? tensorOf(found, `${this.where}, attribute ${name}`) : null;
  }

  graph(name: string): GraphProto {
    return (
      this.byName.get(name)?.g ??
      refuse(this.where, `it has no graph ${name}`, "the file may be damaged; write it again")
    );
  }

  names(): string[] {
    return [...this.byName.keys()];
  }
}

/** A node as it is run. */
export interface GraphNode {
  readonly op: string;
  /** For messages: its name, and its operator. */
  readonly where: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Attributes;
  /** The graph of a loop's body. */
  readonly body: Graph | null;
}

/** What a graph declares: a name, its type, and its shape as far as it is fixed. */
export interface Declared {
  readonly name: string;
  readonly dtype: "float32" | "float64" | "int32";
  /** Sizes, or names of sizes; null where the file does not say. */
  readonly shape: readonly (number | string)[] | null;
}

/** A graph as it is run: nodes in an order in which each finds what it reads. */
export interface Graph {
  readonly inputs: readonly Declared[];
  readonly outputs: readonly Declared[];
  readonly nodes: readonly GraphNode[];
  /** Initializers, by name. */
  readonly tensors: ReadonlyMap<string, Tensor>;
}

/** Values by name, those of the graph around it included. */
export type Names = ReadonlyMap<string, Value>;

/**
 * Reads a graph and checks it: every operator is known, and everything that is read is there.
 * @param known operators that are read
 * @param outer names that the graph around it has
 */
export function graphOf(
  proto: GraphProto,
  known: (op: string) => boolean,
  outer: ReadonlySet<string> = new Set(),
): Graph {
  if (proto.sparseInitializer.length > 0)
    refuse("the graph", "it has sparse initializers", "write it with dense ones");
  const tensors = new Map<string, Tensor>();
  for (const tensor of proto.initializer)
    tensors.set(tensor.name, tensorOf(tensor, `initializer ${tensor.name}`));
  const inputs = proto.input.filter(({ name }) => !tensors.has(name)).map((info) => declared(info, "input"));
  const names = new Set([...outer, ...tensors.keys(), ...inputs.map(({ name }) => name)]);
  const nodes = proto.node.map((node) => {
    const made = nodeOf(node, known, names);
    for (const name of made.outputs) names.add(name);
    return made;
  });
  const outputs = proto.output.map((info) => declared(info, "output"));
  for (const { name } of outputs)
    if (!names.has(name))
      refuse(`output ${name}`, "no node makes it", "the file may be damaged; write it again");
  return { inputs, outputs, nodes, tensors };
}

function nodeOf(node: NodeProto, known: (op: string) => boolean, names: ReadonlySet<string>): GraphNode {
  const where = `node ${node.name || node.output[0] || "without a name"} (${node.opType})`;
  if (node.domain !== "" && node.domain !== "ai.onnx")
    refuse(
      where,
      `its operator is one of ${node.domain}`,
      "the operators of ai.onnx that docs/onnx.md lists are read",
    );
  if (!known(node.opType))
    refuse(
      where,
      "the operator is not read",
      "docs/onnx.md lists what is; write the part without it as a model of its own",
    );
  for (const name of node.input)
    if (name !== "" && !names.has(name))
      refuse(
        where,
        `it reads ${name}, which nothing before it makes`,
        "the file may be damaged; write it again",
      );
  const attributes = new Attributes(node.attribute, where);
  const body = attributes.has("body") ? graphOf(attributes.graph("body"), known, names) : null;
  return { op: node.opType, where, inputs: node.input, outputs: node.output, attributes, body };
}

function declared({ name, type }: ValueInfoProto, kind: string): Declared {
  const where = `${kind} ${name}`;
  if (type?.value.case !== "tensorType") return refuse(where, "it is no tensor", "tensors are read");
  const { elemType, shape } = type.value.value;
  const sizes = shape?.dim.map(({ value }, axis) => {
    if (value.case === "dimValue") return Number(value.value);
    return value.case === "dimParam" ? value.value : `${name}.${axis}`;
  });
  return { name, dtype: dtypeOf(elemType, where), shape: sizes ?? null };
}
