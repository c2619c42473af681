import type { ExportTarget } from "./export-target.js";

/** What `longspan export --to` writes: a form is a line here, and its file. */
export const targets: Readonly<Record<string, ExportTarget>> = {
  model: {
    help: "one file for longspan itself",
    endings: [".safetensors"],
    load: async () => (await import("./to-model.js")).toModel,
  },
  pytorch: {
    help: "a state dictionary, and a Python file with its module",
    endings: [".pt", ".pth", ".safetensors"],
    load: async () => (await import("./pytorch/to-pytorch-files.js")).toPytorchFiles,
  },
  keras: {
    help: "a model that keras.models.load_model takes",
    endings: [".keras"],
    load: async () => (await import("./to-keras-file.js")).toKerasFile,
  },
  onnx: {
    help: "for ONNX Runtime and others",
    endings: [".onnx"],
    load: async () => (await import("./to-onnx-files.js")).toOnnxFiles,
  },
};
