// What the API reference (`npm run docs`) knows beyond the docstrings. The category of each name follows from the
// folder that declares it, so that no docstring repeats it.
import { existsSync, readFileSync } from "node:fs";
import { CommentTag, Converter, ReflectionFlag, ReflectionKind } from "typedoc";

/** The category of each folder of the packages' `src`, in the order of the navigation; the longest path that fits counts. */
const categories = {
  unfold: "Structures and unfold",
  "nn/cells": "Cells",
  cell: "Defining cells",
  "nn/layers": "Layers",
  "nn/addressing": "Attention",
  "nn/memory": "Memory",
  "nn/sequence-to-sequence": "Sequence to sequence",
  "nn/memory-networks": "Memory networks",
  "nn/losses": "Losses",
  "nn/outputs": "Output distributions",
  "nn/feedback": "Feedback and teacher forcing",
  "nn/lengths": "Lengths and ends",
  "nn/readout": "Reservoirs",
  "nn/liquid": "Reservoirs",
  "nn/time-scales": "Time scales",
  "nn/init": "Initialisers",
  "nn/reservoir": "Reservoirs",
  "nn/turing": "Turing machines",
  nn: "Models",
  decode: "Decoding",
  draw: "Drawings",
  autodiff: "Derivatives",
  optim: "Optimisers",
  "optim/schedules": "Schedules",
  "second-order": "Optimisers",
  "linear-algebra": "Information flow",
  capture: "Derivatives",
  flow: "Information flow",
  train: "Training",
  tasks: "Tasks over examples",
  data: "Data",
  "data/series": "Series",
  "data/stories": "Stories",
  "data/trees": "Trees",
  "data/synthetic": "Synthetic problems",
  check: "Arguments and settings",
  io: "Weight files",
  exchange: "Weight files",
  onnx: "Files of other systems",
  keras: "Files of other systems",
  tensorflowjs: "Files of other systems",
  runs: "Files of a run",
  node: "Files of a run",
  web: "Runs in a page",
  ops: "Operations",
  tensor: "Tensors",
  program: "Programs and executors",
  lower: "Programs and executors",
  recording: "Programs and executors",
  executors: "Programs and executors",
  compile: "Compiler",
};

export function load(app) {
  app.on("bootstrapEnd", () =>
    app.options.setValue("categoryOrder", [...new Set(Object.values(categories))]),
  );
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
    for (const entry of project.children ?? [])
      for (const declaration of entry.children ?? []) {
        showAsFunction(declaration);
        categorise(app, declaration);
        illustrate(declaration);
      }
    // Parameters that are taken apart in place have no name of their own; docstrings call them `options`.
    for (const parameter of project.getReflectionsByKind(ReflectionKind.Parameter))
      if (parameter.name === "__namedParameters") parameter.name = "options";
    linkNames(project);
    arrange(project);
  });
  app.converter.on(Converter.EVENT_RESOLVE_END, ({ project }) => {
    // The front page already bears the project's name.
    if (project.readme) takeHeading(project.readme);
    // With entries of several packages the project is the repository, and types of none of them would have to be exported.
    project.packageName = "longspan";
  });
}

/** A constant that holds a function, as `defineCell` returns it, reads better as a function. */
function showAsFunction(declaration) {
  const signatures = declaration.type?.declaration?.signatures;
  if (!declaration.kindOf(ReflectionKind.Variable) || !signatures) return;
  declaration.kind = ReflectionKind.Function;
  declaration.setFlag(ReflectionFlag.Const, false);
  declaration.signatures = signatures;
  for (const signature of signatures) {
    signature.parent = declaration;
    signature.name = declaration.name;
    signature.comment ??= declaration.comment;
  }
  delete declaration.type;
  delete declaration.defaultValue;
  delete declaration.comment;
}

function categorise(app, declaration) {
  const [, room, path] =
    /\/packages\/(longspan|formats|mpi)\/src\/(.*)/.exec(declaration.sources?.[0]?.fullFileName ?? "") ?? [];
  // The ranks of MPI have one floor; they belong to training.
  const file = room === "mpi" ? `train/${path}` : path;
  const folder = Object.keys(categories)
    .filter((path) => file?.startsWith(`${path}/`))
    .sort((a, b) => b.length - a.length)[0];
  if (folder === undefined) {
    app.logger.error(`scripts/typedoc-plugin.mjs names no category for ${declaration.name} of ${file}`);
    return;
  }
  const tag = new CommentTag("@category", [{ kind: "text", text: categories[folder] }]);
  // Where there is no comment, the check for undocumented exports says so.
  const { comment } = [declaration, ...declaration.getNonIndexSignatures()].find((r) => r.comment) ?? {};
  comment?.blockTags.push(tag);
}

/** Drawings whose names are not those of the functions that make what they show. */
const drawn = {
  neuralTuringMachine: "ntm",
  differentiableNeuralComputer: "dnc",
  bidirectional: "10-11-unfolded",
  encoderDecoder: "10-12-unfolded",
  outputToHidden: "10-4-circuit",
  sequenceModel: "10-3-circuit",
  stacked: "10-13a-circuit",
};

/** A cell's page has its circuit below what is said of it. */
function illustrate(declaration) {
  const file = new URL(
    `../docs/images/drawings/${drawn[declaration.name] ?? declaration.name}.svg`,
    import.meta.url,
  );
  const comment = declaration.getNonIndexSignatures().find((signature) => signature.comment)?.comment;
  if (!comment || !existsSync(file)) return;
  const data = readFileSync(file).toString("base64");
  comment.summary.push({
    kind: "text",
    text: `\n\n<img alt="The circuit of ${declaration.name}" src="data:image/svg+xml;base64,${data}">`,
  });
}

/** An exported name between backquotes in a docstring leads to its page. */
function linkNames(project) {
  const named = new Map();
  for (const entry of project.children ?? [])
    for (const declaration of entry.children ?? [])
      if (!named.has(declaration.name)) named.set(declaration.name, declaration);
  for (const reflection of Object.values(project.reflections))
    for (const parts of [
      reflection.comment?.summary,
      ...(reflection.comment?.blockTags ?? []).map((tag) => tag.content),
    ])
      parts?.forEach((part, i) => {
        const name = part.kind === "code" ? /^`(\w+)(?:\(\))?`$/.exec(part.text)?.[1] : undefined;
        const target = named.get(name);
        if (target === undefined || target === reflection || target === reflection.parent) return;
        parts[i] = { kind: "inline-tag", tag: "@linkcode", text: part.text.slice(1, -1), target };
      });
}

/** Pages bear their headings as names; those of docs/ stand below its first page. */
function arrange(project) {
  const pages = project.documents ?? [];
  const first = pages.find((page) => page.name === "docs/README");
  const below = pages.filter((page) => page !== first && page.name.startsWith("docs/"));
  for (const page of pages) page.name = takeHeading(page.content) ?? page.name;
  for (const list of [project.documents, project.childrenIncludingDocuments])
    list?.splice(0, list.length, ...list.filter((child) => !below.includes(child)));
  for (const page of below) {
    page.parent = first;
    first.addChild(page);
  }
}

/** Takes the first-level heading off a page's text. */
function takeHeading(parts) {
  const heading = /^# (.+)\n/.exec(parts[0]?.text ?? "");
  if (heading) parts[0].text = parts[0].text.slice(heading[0].length);
  return heading?.[1];
}
