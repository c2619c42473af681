import { rmSync } from "node:fs";
import { join } from "node:path";
import {
  type CurvatureReport,
  type FlowReport,
  flowReport,
  type MemoryReport,
  memoryReport,
  runFiles,
} from "longspan";
import { fileReason, makeFolder, replaceFile } from "longspan/node";
import colours from "picocolors";
import type { InspectOptions } from "./command-options.js";
import { Failure } from "./failure.js";
import { type AdvisedRun, flowAdvice } from "./flow-advice.js";
import { curvatureLines, introduction, layerLines } from "./flow-lines.js";
import type { Subject } from "./jobs/job.js";
import { abilityOf } from "./jobs/of-run.js";
import { measureCurvature } from "./measure-flow.js";
import { memoryLines } from "./memory-lines.js";
import { pngOf } from "./picture-png.js";
import { flowHtml, flowPictures, type Inspected } from "./report/flow/flow-html.js";
import { pictureSvg } from "./report/flow/picture.js";
import { type Answered, memoryHtml, memoryPictures } from "./report/memory/memory-html.js";
import type { RunLine } from "./run-lines.js";
import { withoutControls, wrapped } from "./terminal-text.js";

const { flow, flowLags, flowHeat, flowSpectrum, flowGates, flowTimes, flowPowers, flowCurvature } = runFiles;

/** What is written: the page, and its pictures in their order; and, if curvature was measured, `runFiles.flowCurvature`. */
export const inspectionFiles = [
  flow,
  flowLags,
  flowHeat,
  flowSpectrum,
  flowGates,
  flowTimes,
  flowPowers,
] as const;
/** What is written besides of a model with a memory. */
const memoryNames = [runFiles.memory, runFiles.memoryPicture] as const;

/** Sequences whose memory is shown. */
const watched = 2;

/** Shows where gradients go in a trained model: prints it, and writes a page and pictures. Returns the exit code. */
export async function inspectRun(path: string, options: InspectOptions): Promise<number> {
  const subjectOf = await abilityOf(path, "inspect")();
  const look = await subjectOf(path, options);
  return await look((subject) => inspectSubject(subject, path, options));
}

async function inspectSubject<P>(
  { inspected, loss, answers, params, advised }: Subject<P>,
  path: string,
  { curvature: withCurvature = false, out = path, json = false }: InspectOptions,
): Promise<number> {
  // Before the work, whose result would be lost.
  makeFolder(out);
  const report = withAdvice(await flowReport(loss, params), advised);
  const curvature = withCurvature ? await measureCurvature(loss, params, inspected.steps) : null;
  const remembers = report.layers.some((layer) => layer.memory !== null);
  const memory = remembers ? await memoryReport(answers.loss, params, { sequences: watched }) : null;
  const files = written(out, flowFiles(inspected, report, curvature), [...inspectionFiles, flowCurvature]);
  files.push(
    ...written(out, memory ? memoryFiles(inspected, memory, answers.steps) : new Map(), memoryNames),
  );
  if (json) {
    const more = {
      ...(curvature && { curvature: curvature.layers }),
      ...(memory && { memory: withoutContents(memory) }),
    };
    process.stdout.write(`${asJson({ event: "inspect", ...inspected, ...report, ...more, files })}\n`);
  } else print(inspected, report, curvature, memory && memoryLines(memory, answers.steps), files);
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

type Files = ReadonlyMap<string, string | Uint8Array>;

/** flow.html and its pictures. */
function flowFiles(inspected: Inspected, report: FlowReport, curvature: CurvatureReport | null): Files {
  const names = [flowLags, flowHeat, flowSpectrum, flowGates, flowTimes, flowPowers, flowCurvature];
  const pictures = flowPictures(report, curvature).map((picture) => pngOf(pictureSvg(picture)));
  return new Map<string, string | Uint8Array>([
    [flow, flowHtml(inspected, report, curvature)],
    ...pictures.map((picture, k) => [names[k]!, picture] as const),
  ]);
}

/** memory.html and its first picture. */
function memoryFiles(inspected: Inspected, memory: MemoryReport, answered: Answered): Files {
  const [first] = memoryPictures(memory.layers[0]!, answered);
  return new Map<string, string | Uint8Array>([
    [runFiles.memory, memoryHtml(inspected, memory, answered)],
    [runFiles.memoryPicture, pngOf(pictureSvg(first!))],
  ]);
}

/** Writes files, and removes those of the same names that another look left: they would not fit. Returns their paths. */
function written(folder: string, files: Files, names: readonly string[]): string[] {
  try {
    for (const [name, content] of files) replaceFile(join(folder, name), content);
    for (const name of names) if (!files.has(name)) rmSync(join(folder, name), { force: true });
  } catch (error) {
    throw new Failure(`cannot write to ${folder}: ${fileReason(error)}`);
  }
  return [...files.keys()].map((name) => join(folder, name));
}

/** Columns of a label and the space after it. */
const labelColumns = 10;

function print(
  inspected: Inspected,
  report: FlowReport,
  curvature: CurvatureReport | null,
  memory: readonly RunLine[] | null,
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
  if (memory) {
    stdout.write("\n");
    for (const entry of memory) line(entry);
  }
  stdout.write("\n");
  line(["written", files.join(", ")]);
}

/** Contents would be megabytes: they are in the page, and in what the library says. */
function withoutContents({ layers }: MemoryReport) {
  return layers.map(({ sequences, ...layer }) => ({
    ...layer,
    sequences: sequences.map(({ contents: _, gradients: __, ...sequence }) => sequence),
  }));
}

/** Typed arrays are lists; a number that is not finite is null. */
function asJson(value: unknown): string {
  return JSON.stringify(value, (_, v: unknown) => (v instanceof Float64Array ? Array.from(v) : v));
}
