import { rmSync } from "node:fs";
import { join } from "node:path";
import { type CurvatureReport, type FlowReport, flowReport, runFiles } from "longspan";
import { fileReason, makeFolder, replaceFile } from "longspan/node";
import colours from "picocolors";
import type { InspectOptions } from "./command-options.js";
import { Failure } from "./failure.js";
import { type AdvisedRun, flowAdvice } from "./flow-advice.js";
import { curvatureLines, introduction, layerLines } from "./flow-lines.js";
import type { Subject } from "./jobs/job.js";
import { abilityOf } from "./jobs/of-run.js";
import { measureCurvature } from "./measure-flow.js";
import { pngOf } from "./picture-png.js";
import { flowHtml, flowPictures, type Inspected } from "./report/flow/flow-html.js";
import { pictureSvg } from "./report/flow/picture.js";
import type { RunLine } from "./run-lines.js";
import { withoutControls, wrapped } from "./terminal-text.js";

const { flow, flowLags, flowHeat, flowSpectrum, flowGates } = runFiles;

/** What is written: the page, and its pictures in their order; and, if curvature was measured, `runFiles.flowCurvature`. */
export const inspectionFiles = [flow, flowLags, flowHeat, flowSpectrum, flowGates] as const;

/** Shows where gradients go in a trained model: prints it, and writes a page and pictures. Returns the exit code. */
export async function inspectRun(path: string, options: InspectOptions): Promise<number> {
  const subjectOf = await abilityOf(path, "inspect")();
  return await subjectOf(path, options)((subject) => inspectSubject(subject, path, options));
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

/** Writes flow.html and the pictures. Returns their paths. */
function written(
  folder: string,
  inspected: Inspected,
  report: FlowReport,
  curvature: CurvatureReport | null,
): string[] {
  const pictures = flowPictures(report, curvature).map((picture) => pngOf(pictureSvg(picture)));
  const contents = [flowHtml(inspected, report, curvature), ...pictures];
  const names = curvature ? [...inspectionFiles, runFiles.flowCurvature] : inspectionFiles;
  try {
    for (const [k, name] of names.entries()) replaceFile(join(folder, name), contents[k]!);
    // The picture of another look would not fit to this page.
    if (!curvature) rmSync(join(folder, runFiles.flowCurvature), { force: true });
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
