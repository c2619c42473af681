import { create } from "@bufbuild/protobuf";
import {
  type GraphProto,
  GraphProtoSchema,
  type ValueInfoProto,
  ValueInfoProtoSchema,
} from "../proto/onnx_pb.js";
import type { Dim } from "./dims.js";
import { dataTypes, type GraphWriter, type OnnxType } from "./graph-writer.js";

/** What a graph reads or gives: its name, its type, and its shape where that is said. */
export interface Port {
  readonly name: string;
  readonly type: OnnxType;
  readonly shape?: readonly Dim[];
}

/** The graph of a loop's body. */
export function bodyGraph(
  body: GraphWriter,
  name: string,
  inputs: readonly Port[],
  outputs: readonly Port[],
): GraphProto {
  return create(GraphProtoSchema, {
    name,
    node: body.nodes,
    input: inputs.map(portInfo),
    output: outputs.map(portInfo),
  });
}

/** A value as the file declares it. */
export function portInfo({ name, type, shape }: Port): ValueInfoProto {
  const dim = (size: Dim) =>
    typeof size === "number"
      ? { value: { case: "dimValue" as const, value: BigInt(size) } }
      : { value: { case: "dimParam" as const, value: size.text } };
  return create(ValueInfoProtoSchema, {
    name,
    type: {
      value: {
        case: "tensorType",
        value: { elemType: dataTypes[type], ...(shape ? { shape: { dim: shape.map(dim) } } : {}) },
      },
    },
  });
}
