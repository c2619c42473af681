import type { ForecastDetails, ForecastPicture } from "longspan";
import { type Html, html } from "../../report/html.js";
import { errorRows, fitInWords, isMeasured, type SeriesDetails, verdict } from "./compare.js";
import { forecastSvg } from "./picture.js";
import { runningErrorSvg } from "./running-error.js";

/** What the page of a run shows of its forecasts: their errors beside those of seasonal naive ones, and some to look at. */
export function forecastSections(details: SeriesDetails): Html | null {
  if (!isMeasured(details)) return null;
  const { pictures, levels, fit, byStep, part } = details;
  const isTest = part === "test";
  const chosen = isTest
    ? "Nothing was chosen by the test part."
    : fit
      ? "Nothing was chosen by what was held out: the ridge comes from the training part."
      : "What was held out also chose the parameters that are kept: longspan eval measures on newer data, and --test keeps a part for that.";
  return html`<section class="forecasts">
<h2>Forecasts of ${isTest ? "the test part" : "what was held out"}</h2>
<p>${capital(verdict(details))}. ${chosen}</p>
<table class="errors"><thead><tr><th></th>${errorRows(details).map(([name]) => html`<th>${name}</th>`)}</tr></thead><tbody>
<tr><th>forecast</th>${errorRows(details).map(([, own]) => html`<td>${own}</td>`)}</tr>
<tr><th>seasonal naive</th>${errorRows(details).map(([, , naive]) => html`<td>${naive}</td>`)}</tr>
</tbody></table>
${fit ? html`<p>Readout: ${fitInWords(fit)}.</p>` : null}
${byStep ? runningError(details) : null}
${pictures.map((picture) => pictureHtml(picture, levels))}
</section>`;
}

function runningError({ byStep, fit }: Pick<ForecastDetails, "byStep"> & SeriesDetails): Html {
  return html`<figure class="forecast error">
<figcaption><b>Running error</b> <span class="unit">${fit ? "of the free run" : "of the forecast"}, by step ahead: the mean absolute error from all origins; dotted, the seasonal naive forecast</span></figcaption>
${runningErrorSvg(byStep)}
</figure>`;
}

function pictureHtml(picture: ForecastPicture, levels: readonly number[]): Html {
  const [low, high] = [levels[0]!, levels.at(-1)!];
  const name = picture.id === "" ? "The series" : picture.id;
  return html`<figure class="forecast">
<figcaption><b>${name}</b> <span class="unit">from ${picture.times[1]} to ${picture.times[2]}: the median, and what lies between the quantiles of ${low} and ${high}; dotted, the seasonal naive forecast</span></figcaption>
${forecastSvg(picture)}
</figure>`;
}

function capital(text: string): string {
  return `${text[0]!.toUpperCase()}${text.slice(1)}`;
}
