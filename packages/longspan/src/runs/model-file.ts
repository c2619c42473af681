import { check, checkSettings, optional } from "../check/index.js";
import { readMetadata, withMetadata } from "../io/metadata.js";
import { decodeUtf8, encodeUtf8 } from "../io/utf8.js";
import { checkHead, refusing } from "./configuration.js";
import { bytesKind, type RunBytes } from "./decode-run.js";
import { RunError } from "./run-error.js";
import { runFiles } from "./run-files.js";
import { parsed, reading } from "./run-source.js";

// A model file is a safetensors file with these texts beside the weights: what a run keeps in its other files, and a checksum of all.
const head = { format: "longspan-model", formatVersion: "1" } as const;
const checksumName = "crc32";
const names = [...Object.keys(head), "config", "vocabulary", "step", checksumName];

/** The model file in messages. */
export const modelFile = "model file";

/**
 * One file of a run's files: a safetensors file that holds the weights and, as texts beside them, config.json and vocabulary.json. The
 * files keep every byte, so that `unpackModel` gives them back.
 *
 * @throws RunError if config.json is not that of a run of this version, or the weights cannot be read
 * @see `saveModel`, which makes such a file of an opened run
 * @example
 * const settings = { cell: "lstm", hidden: 8, features: 4, layers: 1, dropout: 0 };
 * const bytes = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
 * const file = packModel({
 *   config: bytes({ format: "longspan-run", formatVersion: 7, task: "text", settings }),
 *   vocabulary: bytes(storedVocabulary(characterVocabulary("abc"))),
 *   weights: await encodeSafetensors(textRunModel(settings, 3).init(Key.of(1)), { step: "100" }),
 * });
 * openModel(file, "text").step; // 100
 */
export function packModel(files: RunBytes): Uint8Array {
  const { config, vocabulary, weights } = checkSettings("packModel", files, {
    config: bytesKind,
    vocabulary: optional(bytesKind),
    weights: bytesKind,
  });
  const source = {
    where: (file: keyof typeof runFiles) => runFiles[file],
    bytes: (file: keyof typeof runFiles) => (file === "config" ? config : (vocabulary ?? weights)),
  };
  const texts = new Map<string, string>(Object.entries(head));
  reading(source, "config", (bytes) => checkHead(parsed(bytes), refusing(runFiles.config)));
  texts.set("config", decodeUtf8(config));
  if (vocabulary)
    texts.set(
      "vocabulary",
      reading(source, "vocabulary", (bytes) => {
        parsed(bytes);
        return decodeUtf8(bytes);
      }),
    );
  return reading({ ...source, bytes: () => weights }, "weights", (bytes) => {
    const step = readMetadata(bytes).metadata.get("step");
    if (step !== undefined) texts.set("step", step);
    return withMetadata(bytes, texts, checksumName);
  });
}

/**
 * The files of a run that a model file was made of, as `decodeRun` takes them. The file's checksum is compared, so that a file that has
 * changed since it was saved is an error.
 *
 * @param bytes the whole file
 * @throws RunError saying what is wrong with it and what to do
 * @example
 * const settings = { cell: "lstm", hidden: 8, length: 20, lengths: null };
 * const config = { task: "synthetic", problem: "adding", settings };
 * const params = syntheticRunModel({ cell: "lstm", hidden: 8 }, syntheticRunProblem("adding", { length: 20, lengths: null })).init(Key.of(1));
 * const { weights } = unpackModel(await saveModel({ config, params }));
 * decodeSafetensors(weights).tensors.size; // 5
 */
export function unpackModel(bytes: Uint8Array): RunBytes {
  check("unpackModel", "bytes", bytes, bytesKind);
  const { metadata, checksumWithout } = readingModel(bytes, readMetadata);
  checkTexts(metadata);
  const found = metadata.get(checksumName)!;
  const computed = checksumWithout(checksumName);
  if (found !== computed)
    throw wrong(
      `its checksum is ${computed}, and that of what was saved is ${found.slice(0, 20)}`,
      "the file has changed since it was saved; copy or save it again",
    );
  const [config, vocabulary, step] = ["config", "vocabulary", "step"].map((name) => metadata.get(name));
  return {
    config: encodeUtf8(config!),
    ...(vocabulary === undefined ? {} : { vocabulary: encodeUtf8(vocabulary) }),
    weights: withMetadata(bytes, new Map(step === undefined ? [] : [["step", step]])),
  };
}

/** What is made of a model file. @throws RunError if nothing can be made of it */
function readingModel<T>(bytes: Uint8Array, make: (bytes: Uint8Array) => T): T {
  return reading({ where: () => modelFile, bytes: () => bytes, remedy: damagedRemedy }, "weights", make);
}

export const damagedRemedy = "the file is damaged, or holds no model; copy or save it again";

/** @throws RunError if the texts are not those of a model file that this version reads */
function checkTexts(metadata: ReadonlyMap<string, string>): void {
  const format = metadata.get("format");
  if (format !== head.format || !metadata.has("config"))
    throw new RunError(
      "no run",
      modelFile,
      `${modelFile}: it holds weights and no model: ${format === head.format ? "config is missing" : `format is ${format === undefined ? "missing" : shown(format)}, expected "${head.format}"`}`,
      "save the model with saveModel or longspan export RUN --to model; of weights alone decodeSafetensors and loadInto make parameters",
    );
  const version = metadata.get("formatVersion");
  if (version !== head.formatVersion)
    throw new RunError(
      "version",
      modelFile,
      `${modelFile}: formatVersion is ${version === undefined ? "missing" : shown(version)}, expected "${head.formatVersion}"`,
      Number(version) > Number(head.formatVersion)
        ? "the file is newer than this longspan: use the version that made it, or a later one"
        : damagedRemedy,
    );
  if (!metadata.has(checksumName)) throw wrong(`${checksumName} is missing`, damagedRemedy);
  for (const name of metadata.keys())
    if (!names.includes(name))
      throw wrong(`the text ${shown(name)} is unknown to this version of longspan`, damagedRemedy);
}

function wrong(what: string, remedy: string): RunError {
  return new RunError("contents", modelFile, `${modelFile}: ${what}`, remedy);
}

function shown(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 37)}...` : text);
}
