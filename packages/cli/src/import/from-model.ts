import { isOwnCell, openModel, unpackModel } from "longspan";
import { Failure } from "../failure.js";
import { keptTokenizer } from "../jobs/text/tokenizer.js";
import { ownCell } from "../own-cell.js";
import type { ImportedRun } from "./imported-run.js";

/** A run of a model file: its configuration, its vocabulary and its weights as they were. @throws RunError; Failure if a cell is missing */
export async function fromModel(
  bytes: Uint8Array,
  { cell: module }: { readonly cell?: string },
): Promise<ImportedRun> {
  const files = unpackModel(bytes);
  const text = (file: Uint8Array) => JSON.parse(new TextDecoder().decode(file));
  const content = text(files.config) as ImportedRun["content"];
  const { cell: name } = content.settings as { readonly cell?: unknown };
  const needs = typeof name === "string" && isOwnCell(name);
  if (needs && module === undefined)
    throw new Failure(
      `the model has a cell of yours, ${name}, and a model file holds no code: give its module by --cell ${name}`,
    );
  if (!needs && module !== undefined)
    throw new Failure(
      `--cell ${module}: the cell of the model is ${String(name)}, of the library; leave out --cell`,
    );
  const own = await ownCell(module);
  const { params, step } = openModel(bytes, undefined, {
    ...(own ? { cell: own.make } : {}),
    tokenizer: keptTokenizer("the model"),
  });
  return {
    content,
    ...(files.vocabulary ? { vocabulary: text(files.vocabulary) as object } : {}),
    params: params as object,
    step: step ?? 0,
    ...(own ? { cell: own.source } : {}),
  };
}
