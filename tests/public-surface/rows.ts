import type { Rows } from "./calls.js";
import { decodingRows } from "./decoding.js";
import { kerasRows } from "./formats-keras.js";
import { onnxRows } from "./formats-onnx.js";
import { optimiserRows } from "./learning.js";
import { memoryRows } from "./memory.js";
import { netRows } from "./nets.js";
import { pairsRows } from "./pairs.js";
import { problemRows } from "./problems.js";
import { readoutRows } from "./readouts.js";
import { dataRows, derivativeRows, drawingRows, flowRows, nodeRows, runRows, trainRows } from "./rest.js";
import { seriesRows } from "./series.js";
import { structureMethods, structureRows } from "./structures.js";
import { taggingRows } from "./tagging.js";
import { taskRows } from "./tasks.js";
import { opRows, classRows as tensorClasses, tensorRows } from "./tensors.js";
import { turingRows } from "./turing.js";

/** A row for every exported function and class. */
export const rows: Rows = {
  ...tensorRows,
  ...opRows,
  ...netRows,
  ...readoutRows,
  ...memoryRows,
  ...decodingRows,
  ...structureRows,
  ...optimiserRows,
  ...derivativeRows,
  ...flowRows,
  ...dataRows,
  ...drawingRows,
  ...problemRows,
  ...trainRows,
  ...pairsRows,
  ...taggingRows,
  ...seriesRows,
  ...taskRows,
  ...runRows,
  ...turingRows,
  ...nodeRows,
  ...kerasRows,
  ...onnxRows,
};

/** A row for every static function and method of the exported classes. */
export const classRows: Rows = { ...tensorClasses, ...structureMethods };
