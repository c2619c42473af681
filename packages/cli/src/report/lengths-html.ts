import { type Html, html } from "./html.js";

/** What one length shows, in words. */
export interface LengthRow {
  /** A length, or the range of those of training. */
  readonly length: string;
  readonly seen: boolean;
  readonly figures: readonly string[];
}

/** The lengths that a run was looked at, seen in training and not, beside each other. @param heads names of the figures */
export function lengthsHtml(heads: readonly string[], rows: readonly LengthRow[]): Html | null {
  if (rows.length === 0) return null;
  const head = ["length", "seen in training", ...heads];
  return html`<section class="lengths"><h2>By length</h2>
<table><thead><tr>${head.map((name) => html`<th scope="col">${name}</th>`)}</tr></thead><tbody>${rows.map(
    ({ length, seen, figures }) =>
      html`<tr><th scope="row">${length}</th>${[seen ? "yes" : "no", ...figures].map((text) => html`<td>${text}</td>`)}</tr>`,
  )}</tbody></table>
</section>`;
}
