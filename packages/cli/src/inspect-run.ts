import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import {
  type CurvatureReport,
  type FlowReport,
  flowReport,
  Key,
  type LanguageModelParams,
  type SequenceModelParams,
  type SymbolNumbers,
  TextTooShortError,
  type Vocabulary,
} from "longspan";
import { fileReason, makeFolder, replaceFile } from "longspan/node";
import colours from "picocolors";
import { encodeFor } from "./encode-text.js";
import { exitCode, Failure } from "./failure.js";
import { type AdvisedRun, flowAdvice } from "./flow-advice.js";
import { curvatureLines, introduction, layerLines } from "./flow-lines.js";
import { type LastLoss, measureCurvature, segmentsOf, syntheticLoss, textLoss } from "./measure-flow.js";
import { pngOf } from "./picture-png.js";
import { flowHtml, flowPictures, type Inspected } from "./report/flow/flow-html.js";
import { pictureSvg } from "./report/flow/picture.js";
import type { RunConfig } from "./run-config.js";
import { curvatureFile, inspectionFiles, isSynthetic, readRun, readSyntheticRun } from "./run-folder.js";
import { type RunLine, whole } from "./run-lines.js";
import type { LayerParams } from "./synthetic-run.js";
import { withoutControls, wrapped } from "./terminal-text.js";
import { textData } from "./text-data.js";
import { openText } from "./text-file.js";

/** Options of `longspan inspect`. */
export interface InspectOptions {
  readonly data?: string;
  readonly steps?: number;
  readonly sequences: number;
  readonly curvature?: boolean;
  readonly out?: string;
  readonly json?: boolean;
}

/** Least steps that are looked at unless asked otherwise: fewer say little about long dependencies. */
const usualSteps = 100;

/** A model with the loss whose gradient is looked at. */
interface Subject<P> {
  readonly inspected: Inspected;
  readonly loss: LastLoss<P>;
  readonly params: P;
  readonly advised: AdvisedRun;
}

/** Shows where gradients go in a trained model: prints it, and writes a page and pictures. Returns the exit code. */
export async function inspectRun(path: string, options: InspectOptions): Promise<number> {
  return isSynthetic(path)
    ? await inspectSubject(syntheticSubject(path, options), path, options)
    : await inspectSubject(textSubject(path, options), path, options);
}

async function inspectSubject<P>(
  { inspected, loss, params, advised }: Subject<P>,
  path: string,
  { curvature: withCurvature = false, out = path, json = false }: InspectOptions,
): Promise<number> {
  // Before the work, whose result would be lost.
  makeFolder(out);
  const report = withAdvice(await flowReport(loss, params), advised);
  const curvature = withCurvature ? await measureCurvature(loss, params, inspected.steps) : null;
  const files = written(out, inspected, report, curvature);
  if (json) {
    const second = curvature ? { curvature: curvature.layers } : {};
    process.stdout.write(`${asJson({ event: "inspect", ...inspected, ...report, ...second, files })}\n`);
  } else print(inspected, report, curvature, files);
  return 0;
}

/** The report, with advice that can be followed on the command line. */
function withAdvice(report: FlowReport, run: AdvisedRun): FlowReport {
  const layers = report.layers.map((layer) => ({
    ...layer,
    verdict: { ...layer.verdict, advice: flowAdvice(layer, run) },
  }));
  return { ...report, layers };
}

function textSubject(path: string, options: InspectOptions): Subject<LanguageModelParams> {
  const { vocabulary, model, params, config, step } = readRun(path);
  const { sequences, steps = Math.max(usualSteps, config.settings.seq), data } = options;
  const unit = vocabulary.level === "word" ? "word" : "character";
  const symbols =
    data === undefined
      ? heldOut(path, config, vocabulary)
      : encodeFor(vocabulary, openText(data), path).symbols;
  const text = data ?? `the held-out part of ${config.text.path}`;
  const inspected: Inspected = { run: path, text, unit, sequences, steps, measure: "nats" };
  const segments = longEnough(() => segmentsOf(symbols, inspected), inspected);
  const { settings } = config;
  const advised: AdvisedRun = { command: "train text", settings, run: path, trained: step, steps };
  return { inspected, loss: textLoss(model, segments), params, advised };
}

function syntheticSubject(path: string, options: InspectOptions): Subject<SequenceModelParams<LayerParams>> {
  for (const name of ["data", "steps"] as const)
    if (options[name] !== undefined)
      throw new Failure(
        `--${name} has no effect on a run of longspan train synthetic: its problem makes the sequences; leave it out`,
        exitCode.usage,
      );
  const { config, problem, model, params, step } = readSyntheticRun(path);
  const { sequences } = options;
  const batch = problem.sample(Key.of(config.settings.seed).fold(inspectedBatch), 0, sequences);
  const inspected: Inspected = {
    run: path,
    text: `${problem.name}, made afresh`,
    unit: "step",
    sequences,
    steps: batch.structure.levels,
    measure: problem.answer === "class" ? "nats" : "squared error",
  };
  const { settings } = config;
  const { steps } = inspected;
  const advised: AdvisedRun = { command: "train synthetic", settings, run: path, trained: step, steps };
  return { inspected, loss: syntheticLoss(model, problem, batch), params, advised };
}

/** Sets the sequences that are inspected apart from those of training and validation. */
const inspectedBatch = 0x1175;

function heldOut(run: string, config: RunConfig, vocabulary: Vocabulary): SymbolNumbers {
  const { path, sha256 } = config.text;
  if (config.settings.valid === 0)
    throw new Failure(`${run} was trained with nothing held out (--valid 0); name a text with --data`);
  if (!existsSync(path))
    throw new Failure(`${path}, the text that ${run} was trained on, is gone; name another one with --data`);
  const text = openText(path);
  if (text.sha256 !== sha256)
    throw new Failure(
      `${path} is no longer the text that ${run} was trained on; name another one with --data`,
    );
  return textData(text, config.settings, vocabulary).valid;
}

function longEnough<T>(cut: () => T, { text, unit, sequences, steps }: Inspected): T {
  try {
    return cut();
  } catch (error) {
    if (error instanceof TextTooShortError)
      throw new Failure(
        `${text} is too short: it has ${whole(error.found)} ${unit}s, and --sequences ${sequences} with --steps ${steps} needs ${whole(error.needed)}; lower one of them, or name a longer text with --data`,
      );
    throw error;
  }
}

/** Writes flow.html and the pictures. Returns their paths. */
function written(
  folder: string,
  inspected: Inspected,
  report: FlowReport,
  curvature: CurvatureReport | null,
): string[] {
  const pictures = flowPictures(report, curvature).map((picture) => pngOf(pictureSvg(picture)));
  const contents = [flowHtml(inspected, report, curvature), ...pictures];
  const names = curvature ? [...inspectionFiles, curvatureFile] : inspectionFiles;
  try {
    for (const [k, name] of names.entries()) replaceFile(join(folder, name), contents[k]!);
    // The picture of another look would not fit to this page.
    if (!curvature) rmSync(join(folder, curvatureFile), { force: true });
  } catch (error) {
    throw new Failure(`cannot write to ${folder}: ${fileReason(error)}`);
  }
  return names.map((name) => join(folder, name));
}

/** Columns of a label and the space after it. */
const labelColumns = 10;

function print(
  inspected: Inspected,
  report: FlowReport,
  curvature: CurvatureReport | null,
  files: readonly string[],
): void {
  const { stdout } = process;
  const { bold, dim } = colours.createColors(stdout.isTTY === true && colours.isColorSupported);
  const columns = stdout.isTTY ? stdout.columns || 80 : Number.POSITIVE_INFINITY;
  const line = ([label, text]: RunLine, emphasis = (text: string) => text) => {
    const clean = stdout.isTTY ? withoutControls(text) : text;
    const lines = wrapped(label.padEnd(labelColumns) + clean, columns, labelColumns);
    stdout.write(`${dim(lines.slice(0, labelColumns))}${emphasis(lines.slice(labelColumns))}\n`);
  };
  line(introduction(inspected, report));
  for (const [k, layer] of report.layers.entries()) {
    stdout.write("\n");
    const second = curvature ? curvatureLines(curvature.layers[k]!) : [];
    for (const entry of [...layerLines(layer, report.layers.length), ...second])
      line(entry, entry[0] === "verdict" ? bold : undefined);
  }
  stdout.write("\n");
  line(["written", files.join(", ")]);
}

/** Typed arrays are lists; a number that is not finite is null. */
function asJson(value: unknown): string {
  return JSON.stringify(value, (_, v: unknown) => (v instanceof Float64Array ? Array.from(v) : v));
}
