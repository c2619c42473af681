import {
  heldOutPart,
  type SequenceTaggerParams,
  type SpanScheme,
  type SpanScores,
  spanSchemeOf,
  spansOf,
  type TagEncoding,
  type TaggedSentence,
  type TagScores,
  taggingLearner,
  taggingVocabulary,
  tagRunModel,
} from "longspan";
import type { ExampleKind } from "../../example-jobs/index.js";
import { Failure } from "../../failure.js";
import { type Html, html } from "../../report/html.js";
import { counted, type RunLine, whole } from "../../run-lines.js";
import { TableError } from "../../tables/index.js";
import { sentencesOf } from "./read-file.js";
import { type TagSettings, tagSettings } from "./settings.js";

/** Trains a tagger. */
export const tagJob: ExampleKind<TagSettings, TagEncoding, TaggedSentence, SequenceTaggerParams> = {
  task: "tag",
  settings: tagSettings,
  one: "sentence",
  counted: "token",
  lossUnit: "nats per token",
  measures: [
    { name: "f1", words: "F1", as: "share" },
    { name: "accuracy", words: "accuracy", as: "share" },
  ],
  sources: (_path, { validFile }) => (validFile === null ? [] : [validFile]),
  async read({ path, settings, encoding: known, whole: all, key }) {
    const sentences = await readAll(path, settings);
    if (all) return { encoding: known!, train: [], valid: sentences, weights: null, summary: [] };
    const { train, valid } = await parted(sentences, settings, key);
    const scheme = known ? known.scheme : schemeOf(sentences, settings, path);
    const encoding: TagEncoding = known ?? {
      ...taggingVocabulary(train, { minCount: settings.minCount }),
      scheme,
      mode: settings.mode,
    };
    return { encoding, train, valid, weights: null, summary: summaryOf(train, valid, encoding) };
  },
  learner(settings, encoding, cell) {
    const { hidden, layers, features, characters, dropout, bidirectional } = settings;
    const sizes = { hidden, layers, features, characters, dropout, bidirectional };
    const { scheme, mode } = encoding;
    return taggingLearner(tagRunModel({ cell: settings.cell, ...sizes }, encoding, cell), {
      scheme,
      mode,
      backward: { kind: settings.backward },
    });
  },
  detailLines: (details) => detailLines(details as Details),
  sections: (details) => sections(details as Details),
};

type Details = SpanScores | TagScores;

async function readAll(path: string, settings: TagSettings): Promise<TaggedSentence[]> {
  const sentences: TaggedSentence[] = [];
  for await (const sentence of sentencesOf(path, { ...settings, tagged: true })) {
    if (sentence instanceof TableError) throw sentence;
    const { tokens, tags } = sentence;
    sentences.push({ tokens, tags });
  }
  if (sentences.length === 0) throw new Failure(`${path} has no sentences`);
  return sentences;
}

async function parted(
  sentences: readonly TaggedSentence[],
  settings: TagSettings,
  key: Parameters<typeof heldOutPart>[1]["key"],
) {
  const { valid: share, validFile } = settings;
  if (validFile !== null) return { train: sentences, valid: await readAll(validFile, settings) };
  const { train, valid } = heldOutPart(sentences.length, { share, key });
  const of = (numbers: Int32Array) => Array.from(numbers, (i) => sentences[i]!);
  return { train: of(train), valid: of(valid) };
}

/** How the tags write spans. @throws Failure if they do not, and should */
function schemeOf(
  sentences: readonly TaggedSentence[],
  { scheme }: TagSettings,
  path: string,
): SpanScheme | null {
  if (scheme === "none") return null;
  if (scheme === "auto") return spanSchemeOf(sentences.map(({ tags }) => tags));
  for (const { tags, tokens } of sentences)
    try {
      spansOf(tags, { scheme });
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      throw new Failure(
        `${path}: in the sentence that begins with ${JSON.stringify(tokens.slice(0, 3).join(" "))}, ${error.message.replace("spansOf: ", "")}; leave out --scheme, or choose another`,
      );
    }
  return scheme;
}

function summaryOf(
  train: readonly TaggedSentence[],
  valid: readonly TaggedSentence[],
  { words, tags, scheme, mode }: TagEncoding,
): RunLine[] {
  const tokens = (some: readonly TaggedSentence[]) => some.reduce((n, { tokens }) => n + tokens.length, 0);
  const known = new Set(words);
  const heldOut = valid.flatMap(({ tokens }) => tokens);
  const unknown = heldOut.filter((token) => !known.has(token) && !known.has(token.toLowerCase())).length;
  const share =
    heldOut.length === 0
      ? ""
      : `; ${((100 * unknown) / heldOut.length).toFixed(1)} % of the held-out tokens are unknown`;
  const types = scheme && [...new Set(tags.filter((tag) => tag !== "O").map((tag) => tag.slice(2)))].sort();
  return [
    ["tokens", `${whole(tokens(train))} to learn from, ${counted(words.length, "word")} known${share}`],
    [
      "tags",
      types
        ? `spans of ${listed(types)}, written in ${scheme}, read as ${mode === "conll" ? "conlleval does" : "the scheme writes them (strict)"}`
        : `${whole(tags.length)} different: ${listed(tags)}`,
    ],
  ];
}

function listed(names: readonly string[]): string {
  const most = 20;
  return names.length <= most
    ? names.join(", ")
    : `${names.slice(0, most).join(", ")} and ${names.length - most} others`;
}

function typesOf(details: Details) {
  const isSpans = "perType" in details;
  return {
    title: isSpans ? "Spans by type" : "Tags",
    note: isSpans
      ? `Written in ${details.scheme}; ${details.mode === "conll" ? "read as conlleval does" : "strict: only spans that keep to the scheme count"}.`
      : `${whole(details.tokens)} tokens.`,
    types: isSpans ? details.perType : details.perTag,
  };
}

function detailLines(details: Details): RunLine[] {
  const { types } = typesOf(details);
  const lines = types.map(
    ({ type, precision, recall, f1, wanted }): RunLine => [
      type,
      `precision ${percent(precision)}, recall ${percent(recall)}, F1 ${percent(f1)}, of ${whole(wanted)}`,
    ],
  );
  return "perType" in details ? [["scheme", `${details.scheme}, ${details.mode}`], ...lines] : lines;
}

function sections(details: Details): Html {
  const { title, note, types } = typesOf(details);
  return html`<section class="lengths"><h2>${title}</h2><p class="remark">${note}</p>
<table><thead><tr><th scope="col">type</th><th scope="col">precision</th><th scope="col">recall</th><th scope="col">F1</th><th scope="col">there</th><th scope="col">found</th></tr></thead>
<tbody>${types.map(
    ({ type, precision, recall, f1, wanted, found }) =>
      html`<tr><th scope="row">${type}</th><td>${percent(precision)}</td><td>${percent(recall)}</td><td>${percent(f1)}</td><td>${whole(wanted)}</td><td>${whole(found)}</td></tr>`,
  )}</tbody></table></section>`;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
