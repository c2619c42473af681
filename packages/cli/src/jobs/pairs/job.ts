import {
  type AttendedText,
  heldOutPart,
  type Key,
  type PairsDetails,
  type PairsParams,
  type PairsVocabulary,
  pairsLearner,
  pairsRunModel,
  pairsVocabulary,
  type TextPair,
} from "longspan";
import type { ExampleKind } from "../../example-jobs/index.js";
import { type Html, html } from "../../report/html.js";
import { counted, type RunLine, whole } from "../../run-lines.js";
import { attentionSvg } from "./attention-picture.js";
import { readPairs } from "./read-pairs.js";
import { type PairsSettings, pairsSettings } from "./settings.js";

/** Makes texts of texts. */
export const pairsJob: ExampleKind<PairsSettings, PairsVocabulary, TextPair, PairsParams> = {
  task: "pairs",
  settings: pairsSettings,
  one: "pair",
  counted: "symbol",
  lossUnit: "nats per symbol",
  measures: [
    { name: "exact", words: "exact", as: "share" },
    { name: "symbolError", words: "symbol error", as: "share" },
    { name: "bleu", words: "BLEU", as: "share" },
    { name: "chrF", words: "chrF", as: "share" },
  ],
  sources: (_path, { target }) => (target === null ? [] : [target]),
  async read({ path, settings, encoding: known, whole: all, key }) {
    // Another file than the run's own has its targets beside its sources.
    const pairs = await readPairs(path, all ? { ...settings, target: null } : settings);
    if (all) return { encoding: known!, train: [], valid: pairs, weights: null, summary: [] };
    const { train, valid } = partedBySource(pairs, settings.valid, key);
    const { level, targetLevel, minCount } = settings;
    const encoding = known ?? pairsVocabulary(train, { source: level, target: targetLevel, minCount });
    return { encoding, train, valid, weights: null, summary: summaryOf(pairs, encoding) };
  },
  learner(settings, encoding, own) {
    const { cell, hidden, layers, features, dropout, attention, written, backward } = settings;
    const model = pairsRunModel({ cell, hidden, layers, features, dropout, attention }, encoding, own);
    return pairsLearner(model, { written, backward: { kind: backward } });
  },
  evalSettings: (settings) => ({ ...settings, written: Number.MAX_SAFE_INTEGER }),
  measuredOn: (details) => `${whole((details as PairsDetails).written)} held-out sources`,
  detailLines: (details) =>
    (details as PairsDetails).samples
      .slice(0, 3)
      .map(
        ({ source, found, wanted }): RunLine => [
          "written",
          `${source} -> ${found}${wanted.includes(found) ? "" : `   (wanted: ${wanted.join(" or ")})`}`,
        ],
      ),
  sections: (details) => sections(details as PairsDetails),
};

/** What is held out shares no source with what is learned from. */
function partedBySource(pairs: readonly TextPair[], share: number, key: Key) {
  const numbers = new Map<string, number>();
  for (const { source } of pairs) if (!numbers.has(source)) numbers.set(source, numbers.size);
  const heldOut = new Set(heldOutPart(numbers.size, { share, key }).valid);
  const isHeldOut = ({ source }: TextPair) => heldOut.has(numbers.get(source)!);
  return { train: pairs.filter((pair) => !isHeldOut(pair)), valid: pairs.filter(isHeldOut) };
}

const units = { char: "character", word: "word", token: "token" } as const;

function summaryOf(pairs: readonly TextPair[], { source, target, longest }: PairsVocabulary): RunLine[] {
  const side = ({ level, symbols }: PairsVocabulary["source"]) => `${counted(symbols.length, units[level])}`;
  const sources = new Set(pairs.map(({ source }) => source)).size;
  return [
    ["symbols", `sources of ${side(source)}, targets of ${side(target)}; the longest target has ${longest}`],
    ...(sources === pairs.length
      ? []
      : [["sources", `${whole(sources)} different; each target of a source is right`] as RunLine]),
  ];
}

function sections({
  samples,
  written,
  attention = [],
}: Pick<PairsDetails, "samples" | "written"> & Partial<PairsDetails>): Html {
  return html`<section class="lengths"><h2>What it writes</h2><p class="remark">${whole(written)} held-out sources were written, the most probable symbol each time.</p>
<table class="texts"><thead><tr><th scope="col">source</th><th scope="col">written</th><th scope="col">wanted</th></tr></thead>
<tbody>${samples.map(
    ({ source, found, wanted }) =>
      html`<tr><th scope="row">${source}</th><td>${found}</td><td>${wanted.join(" or ")}</td></tr>`,
  )}</tbody></table></section>${attention.length === 0 ? null : attentionHtml(attention)}`;
}

function attentionHtml(attention: readonly AttendedText[]): Html {
  return html`<section><h2>Where it looks</h2><p class="remark">A row for each symbol that was written, a column for each of the source: the darker, the more weight.</p>
${attention.map(attentionSvg)}</section>`;
}
