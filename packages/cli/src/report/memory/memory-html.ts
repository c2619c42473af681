import type { LayerMemory, MemoryReport, SequenceMemory } from "longspan";
import { documentHtml } from "../document.js";
import { type Inspected, lossOf, piecesOf } from "../flow/flow-html.js";
import { type Picture, percent, pictureHtml } from "../flow/picture.js";
import { picturesStyle } from "../flow/picture-style.js";
import { type Html, html } from "../html.js";
import { type Figure, figuresHtml } from "../page.js";
import { figure } from "../scale.js";
import { memoryPicture } from "./memory-picture.js";

/** The steps at which answers are asked for, by sequence. */
export type Answered = readonly (readonly number[])[];

/** The pictures of a layer's memory: one for each sequence. */
export function memoryPictures(layer: LayerMemory, answered: Answered): Picture[] {
  return layer.sequences.map((sequence, s) =>
    memoryPicture(layer, sequence, { number: s + 1, answered: answered[s] ?? [] }),
  );
}

/** Memories over time as one HTML page that stands alone: it loads nothing and runs nothing. */
export function memoryHtml(inspected: Inspected, report: MemoryReport, answered: Answered): string {
  const { run } = inspected;
  const sequences = report.layers[0]?.sequences.length ?? 0;
  return documentHtml({
    title: `${run}: memory`,
    kicker: "Memory of a trained model",
    heading: run,
    lead: `What the memory holds, where it is read and written, and how the gradient of the loss goes through it: the first ${sequences === 1 ? "sequence" : `${sequences} sequences`} of ${piecesOf(inspected)}. The loss of all answers is ${lossOf(inspected, report.loss)}.`,
    body: html`${report.layers.map(
      (
        layer,
      ) => html`<section class="layer"><h2>Layer ${layer.layer + 1}: ${layer.cell}, ${layer.rows} rows of ${layer.width}</h2>
${figuresHtml(figuresOf(layer, answered))}
</section>
${layer === report.layers[0] ? how : null}
<section class="curves">
${memoryPictures(layer, answered).map(pictureHtml)}
</section>`,
    )}`,
    footer:
      "Made by longspan inspect; longspan inspect --json prints weights and paths in full, the library's memoryReport the contents too.",
    rules: html`${picturesStyle}.how { max-width: 70ch; }
.how dt { font-weight: 600; }
.how dd { margin: 0 0 8px; }
`,
  });
}

const how: Html = html`<section class="how"><h2>How to read it</h2>
<dl>
<dt>Weights, at the left</dt>
<dd>Time runs to the right, and each row of the picture is a row of the memory. A dark cell is a weight near 1. Heads that know where they are show one dark row at each step; heads that do not are pale over many rows.</dd>
<dt>dL/dw(i), at the right</dt>
<dd>Where the loss wants the weight to be. Brown: more weight on this row would lower the loss. Blue: it would raise it. Each shade is a factor, so that steps with small gradients are seen too.</dd>
<dt>Contents and dL/dM</dt>
<dd>The numbers of each row, between grey lines. What is written stays, as a stripe, until it is erased: what is kept does not vanish.</dd>
<dt>The two squares</dt>
<dd>A row is a step at which the memory is read, a column one at which it was written. Left: the share of what is read that was written then; with what was there from the start, a row sums to 1. Right: by how much the loss changes, through what is read, with what was written: the path of the gradient through the memory alone. In a net that copies, one cell of each row is dark: what is read goes back to one write, however long ago. In a net that has not learned to, what is read is a mixture, and the gradient reaches many writes a little.</dd>
</dl>
</section>`;

function figuresOf(layer: LayerMemory, answered: Answered): Figure[] {
  const seen = readsBack(layer.sequences, answered);
  if (seen === null) return [["Path", "none", "steps draw random numbers, or nothing is kept under read"]];
  return [
    ["From one write", percent(seen.share), "of what is read, in the mean over the reads for answers"],
    ["Written", figure(Number(seen.lag.toPrecision(3))), "steps before, the median"],
    ["From the start", percent(seen.start < 5e-4 ? 0 : seen.start), "of what is read was never written"],
  ];
}

/** What is read for answers, in the mean: the greatest share that one write has in it, and how long ago that was. */
export function readsBack(
  sequences: readonly SequenceMemory[],
  answered: Answered,
): { share: number; lag: number; start: number } | null {
  const shares: number[] = [];
  const lags: number[] = [];
  const starts: number[] = [];
  for (const [s, { path, steps }] of sequences.entries()) {
    if (path === null) continue;
    for (const t of answered[s] ?? []) {
      const row = path.shares.subarray(t * steps, (t + 1) * steps);
      const share = row.reduce((most, v) => Math.max(most, v), 0);
      if (share === 0 && path.start[t] === 0) continue;
      shares.push(Math.min(1, share));
      lags.push(t - row.indexOf(share));
      starts.push(path.start[t]!);
    }
  }
  if (shares.length === 0) return null;
  const mean = (of: readonly number[]) => of.reduce((a, b) => a + b, 0) / of.length;
  return {
    share: mean(shares),
    lag: lags.sort((a, b) => a - b)[Math.floor(lags.length / 2)]!,
    start: mean(starts),
  };
}
