import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { packModel, runFiles } from "longspan";
import type { ExportFiles, ExportSource } from "./export-target.js";

/** One file for a run, with every byte of the files that its model is made of. */
export function toModel({ folder }: ExportSource): ExportFiles {
  const path = (file: keyof typeof runFiles) => join(folder, runFiles[file]);
  const bytes = (file: keyof typeof runFiles) => new Uint8Array(readFileSync(path(file)));
  const file = packModel({
    config: bytes("config"),
    ...(existsSync(path("vocabulary")) ? { vocabulary: bytes("vocabulary") } : {}),
    weights: bytes("weights"),
  });
  return [[".safetensors", file]];
}
