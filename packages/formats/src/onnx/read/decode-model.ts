import { fromBinary } from "@bufbuild/protobuf";
import { OnnxError } from "../error.js";
import { type GraphProto, type ModelProto, ModelProtoSchema } from "../proto/onnx_pb.js";

/** The function that reads files, for messages. */
export const reader = "fromOnnx";

/** The versions of the operators that are read. */
export const readOpsets = { from: 11, to: 25 } as const;

/** @throws OnnxError naming what cannot be read, and why */
export function refuse(where: string, found: string, remedy: string, cause?: unknown): never {
  throw new OnnxError(reader, { where, found, remedy }, cause === undefined ? undefined : { cause });
}

/** The model that a file holds, with its graph. @throws OnnxError if it is no ONNX file, or of a version that is not read */
export function decodeModel(bytes: Uint8Array): ModelProto & { readonly graph: GraphProto } {
  let model: ModelProto;
  try {
    model = fromBinary(ModelProtoSchema, bytes, { readUnknownFields: false });
  } catch (error) {
    return refuse(
      "the file",
      `it is no message of the ONNX format (${(error as Error).message})`,
      "it may be cut off or of another format; write it again",
      error,
    );
  }
  const { graph, opsetImport } = model;
  if (!graph) return refuse("the file", "it holds no graph", "it may be of another format; write it again");
  const version = opsetImport.find(({ domain }) => domain === "" || domain === "ai.onnx")?.version;
  if (version === undefined)
    return refuse(
      "the file",
      "it does not say which version its operators are of",
      "write it again, with opset 22",
    );
  if (version < readOpsets.from || version > readOpsets.to)
    return refuse(
      "the file",
      `its operators are of version ${version}`,
      `versions ${readOpsets.from} to ${readOpsets.to} are read; write it with opset 22`,
    );
  return model as ModelProto & { readonly graph: GraphProto };
}
