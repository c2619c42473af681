import { readFileSync } from "node:fs";
import { extname } from "node:path";
import { decodePytorch, decodeSafetensors, RunError, type StoredWeights, WeightFileError } from "longspan";
import { createRun, fileReason } from "longspan/node";
import type { ImportOptions } from "../command-options.js";
import { Failure, oneLine } from "../failure.js";
import { fromModel } from "./from-model.js";
import { fromPytorchWeights } from "./from-pytorch-weights.js";
import type { ImportedRun } from "./imported-run.js";

/**
 * Makes a run of a file.
 * @throws Failure naming the file, what is wrong with it and what to do; RunError if the folder holds something
 */
export async function importFile(file: string, options: ImportOptions): Promise<void> {
  const ending = extname(file);
  const read = Object.hasOwn(readers, ending) ? readers[ending] : undefined;
  if (!read)
    throw new Failure(
      `${file}: the name of the file ends in ${Object.keys(readers).join(", ")}; ${ending === "" ? "it has no ending" : `files that end in ${ending} are not read`}`,
    );
  let bytes: Uint8Array;
  try {
    bytes = new Uint8Array(readFileSync(file));
  } catch (error) {
    throw new Failure(`cannot read ${file}: ${fileReason(error)}`);
  }
  const { content, vocabulary, params, step, cell } = await naming(file, () => read(bytes, options));
  const run = createRun(options.out, content, {
    ...(vocabulary ? { vocabulary } : {}),
    ...(cell === undefined ? {} : { cell }),
  });
  try {
    await run.saveWeights(params, step);
  } finally {
    run.close();
  }
  process.stdout.write(`made ${options.out}, a run of the kind ${content.task}\n`);
}

// A form is a line here, and its file.
const readers: Readonly<
  Record<string, (bytes: Uint8Array, options: ImportOptions) => ImportedRun | Promise<ImportedRun>>
> = {
  ".safetensors": safetensors,
  ".pt": (bytes, options) => fromPytorchWeights(decodePytorch(bytes), options),
  ".pth": (bytes, options) => fromPytorchWeights(decodePytorch(bytes), options),
};

/** A model file, or the weights of a model of PyTorch. */
function safetensors(bytes: Uint8Array, options: ImportOptions): ImportedRun | Promise<ImportedRun> {
  let stored: StoredWeights | null = null;
  try {
    stored = decodeSafetensors(bytes);
  } catch {} // What is wrong, the reading of a model says.
  return stored === null || stored.metadata.get("format") === "longspan-model"
    ? fromModel(bytes, options)
    : fromPytorchWeights(stored, options);
}

/** What is wrong with a file is said with its name. */
async function naming<T>(file: string, make: () => T | Promise<T>): Promise<T> {
  try {
    return await make();
  } catch (error) {
    if (error instanceof RunError || error instanceof WeightFileError)
      throw new Failure(`${file}: ${oneLine(error.message)}`);
    throw error;
  }
}
