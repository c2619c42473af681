import type { ClassificationScores } from "longspan";
import { type Html, html } from "../report/html.js";
import { type RunLine, whole } from "../run-lines.js";

/** What an evaluation says besides its figures. */
export interface ClassDetails extends Pick<ClassificationScores, "perClass" | "confusion"> {
  readonly labels: readonly string[];
}

/** Classes up to which the whole table is shown. */
const most = 40;

/** The classes that are taken for others most often. */
export function confusionLines({ labels, confusion }: ClassDetails): RunLine[] {
  const pairs = confusion
    .flatMap((row, right) =>
      row.map((count, answered) => ({ count, right, answered })).filter(({ answered }) => answered !== right),
    )
    .filter(({ count }) => count > 0)
    .sort((a, b) => b.count - a.count)
    .slice(0, 3);
  if (pairs.length === 0) return [];
  const words = pairs.map(({ count, right, answered }) =>
    `${labels[right]} for ${labels[answered]} ${whole(count)} times`.replace("1 times", "once"),
  );
  return [["confused", words.join(", ")]];
}

/** How each class is found, and what it is taken for. */
export function confusionHtml({ labels, perClass, confusion }: ClassDetails): Html {
  const share = (value: number) => `${(100 * value).toFixed(1)} %`;
  const scores = html`<table><caption>By class</caption><thead><tr>${["class", "examples", "precision", "recall", "F1"].map((head) => html`<th scope="col">${head}</th>`)}</tr></thead><tbody>${perClass.map(
    ({ examples, precision, recall, f1 }, c) =>
      html`<tr><th scope="row">${labels[c]!}</th>${[whole(examples), share(precision), share(recall), share(f1)].map((text) => html`<td>${text}</td>`)}</tr>`,
  )}</tbody></table>`;
  const table =
    labels.length > most
      ? null
      : html`<table><caption>Answers: each row the examples of a class, each column what was answered</caption><thead><tr><th></th>${labels.map((label) => html`<th scope="col">${label}</th>`)}</tr></thead><tbody>${confusion.map(
          (row, c) =>
            html`<tr><th scope="row">${labels[c]!}</th>${row.map((count) => html`<td>${count === 0 ? "" : whole(count)}</td>`)}</tr>`,
        )}</tbody></table>`;
  return html`<section class="lengths"><h2>Classes</h2>${scores}${table}</section>`;
}
