import { OnnxError, runToOnnx } from "longspan-formats";
import { Failure } from "../failure.js";
import type { ExportFiles, ExportSource } from "./export-target.js";

/** The ONNX files of a run: one, or an encoder and a decoder. @throws Failure if ONNX cannot hold it */
export function toOnnxFiles({ run }: ExportSource): ExportFiles {
  try {
    const files = Object.entries(runToOnnx(run));
    return files.map(([part, bytes]) => [files.length === 1 ? ".onnx" : `.${part}.onnx`, bytes]);
  } catch (error) {
    if (error instanceof OnnxError) throw new Failure(`--to onnx: ${error.message}`);
    throw error;
  }
}
