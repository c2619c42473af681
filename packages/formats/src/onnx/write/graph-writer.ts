import { create, type MessageInitShape } from "@bufbuild/protobuf";
import type { DType } from "longspan";
import {
  type AttributeProto,
  AttributeProtoSchema,
  AttributeProto_AttributeType as AttributeType,
  TensorProto_DataType as DataType,
  type GraphProto,
  type NodeProto,
  NodeProtoSchema,
  type TensorProto,
  TensorProtoSchema,
} from "../proto/onnx_pb.js";

/** The types of tensors here, and those of indices and conditions that only the file knows. */
export type OnnxType = DType | "int64" | "bool";

/** The numbers of the types in a file. */
export const dataTypes: Readonly<Record<OnnxType, DataType>> = {
  float32: DataType.FLOAT,
  float64: DataType.DOUBLE,
  int32: DataType.INT32,
  int64: DataType.INT64,
  bool: DataType.BOOL,
};

/** An attribute of a node: a whole number, a text, a list of either or of fractions, a fraction, or a graph. */
export type Attribute =
  | number
  | string
  | readonly number[]
  | readonly string[]
  | { readonly float: number }
  | GraphProto;

/** What all graphs of one model share: names that are used once, and constants. */
export class ModelNames {
  readonly initializers: TensorProto[] = [];
  /** Nodes that hold the constants: they come first. */
  readonly constantNodes: NodeProto[] = [];
  private readonly used = new Map<string, number>();
  private readonly constants = new Map<string, string>();

  /** A name that no other value has. */
  fresh(hint: string): string {
    const n = this.used.get(hint) ?? 0;
    this.used.set(hint, n + 1);
    return n === 0 ? hint : this.fresh(`${hint}_${n}`);
  }

  /** A tensor with its numbers. With a name of its own it is an initializer, a parameter; without one it is a constant, and one with the same numbers is used again. */
  constant(data: ArrayLike<number>, shape: readonly number[], type: OnnxType, name?: string): string {
    const raw = bytesOf(data, type);
    const key = name ?? `${type} ${shape.join()} ${raw.length > 64 ? this.constantNodes.length : raw.join()}`;
    const known = this.constants.get(key);
    if (known !== undefined) return known;
    const made = this.fresh(name ?? "constant");
    const tensor = create(TensorProtoSchema, {
      name: made,
      dims: shape.map(BigInt),
      dataType: dataTypes[type],
      rawData: raw,
    });
    if (name !== undefined) this.initializers.push(tensor);
    else
      this.constantNodes.push(
        create(NodeProtoSchema, {
          name: made,
          opType: "Constant",
          output: [made],
          attribute: [create(AttributeProtoSchema, { name: "value", type: AttributeType.TENSOR, t: tensor })],
        }),
      );
    this.constants.set(key, made);
    return made;
  }
}

/** Little-endian bytes of numbers. */
function bytesOf(data: ArrayLike<number>, type: OnnxType): Uint8Array {
  const width = { float32: 4, float64: 8, int32: 4, int64: 8, bool: 1 }[type];
  const view = new DataView(new ArrayBuffer(width * data.length));
  for (let i = 0; i < data.length; i++) {
    const v = data[i]!;
    if (type === "float32") view.setFloat32(4 * i, v, true);
    else if (type === "float64") view.setFloat64(8 * i, v, true);
    else if (type === "int32") view.setInt32(4 * i, v, true);
    else if (type === "int64") view.setBigInt64(8 * i, BigInt(v), true);
    else view.setUint8(i, v);
  }
  return new Uint8Array(view.buffer);
}

/** The nodes of one graph, in their order. The body of a loop is a graph of its own that reads values of the graph around it. */
export class GraphWriter {
  readonly nodes: NodeProto[] = [];

  constructor(readonly names: ModelNames) {}

  /** A node with one result; returns its name. */
  op(type: string, inputs: readonly string[], attributes: Readonly<Record<string, Attribute>> = {}): string {
    return this.ops(type, inputs, attributes, 1)[0]!;
  }

  /** A node with several results; returns their names. */
  ops(
    type: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, Attribute>>,
    results: number,
  ): string[] {
    const name = this.names.fresh(type);
    const output = Array.from({ length: results }, (_, k) => this.names.fresh(`${name}.${k}`));
    const attribute = Object.entries(attributes).map(([key, value]) => attributeOf(key, value));
    this.nodes.push(create(NodeProtoSchema, { name, opType: type, input: [...inputs], output, attribute }));
    return output;
  }

  /** Gives a value the name that users see. */
  give(value: string, name: string): void {
    this.nodes.push(
      create(NodeProtoSchema, {
        name: this.names.fresh("Identity"),
        opType: "Identity",
        input: [value],
        output: [name],
      }),
    );
  }

  /** Whole numbers as a line, int64: sizes, axes, starts. */
  ints(values: readonly number[]): string {
    return this.names.constant(values, [values.length], "int64");
  }

  /** One number. */
  scalar(value: number, type: OnnxType): string {
    return this.names.constant([value], [], type);
  }

  /** The values in another type. */
  cast(value: string, type: OnnxType): string {
    return this.op("Cast", [value], { to: dataTypes[type] });
  }
}

function attributeOf(name: string, value: Attribute): AttributeProto {
  return Object.assign(create(AttributeProtoSchema, contentOf(value)), { name });
}

function contentOf(value: Attribute): MessageInitShape<typeof AttributeProtoSchema> {
  const text = new TextEncoder();
  if (typeof value === "number") return { type: AttributeType.INT, i: BigInt(value) };
  if (typeof value === "string") return { type: AttributeType.STRING, s: text.encode(value) };
  if ("float" in value) return { type: AttributeType.FLOAT, f: value.float };
  if ("node" in value) return { type: AttributeType.GRAPH, g: value };
  if (value.every((v) => typeof v === "string"))
    return { type: AttributeType.STRINGS, strings: value.map((v) => text.encode(v)) };
  return { type: AttributeType.INTS, ints: (value as readonly number[]).map(BigInt) };
}
