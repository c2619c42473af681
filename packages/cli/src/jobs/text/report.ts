import { basename } from "node:path";
import { natsToBits, perplexity } from "longspan";
import type { Measures } from "../../events.js";
import { type Html, html } from "../../report/html.js";
import { lengthsHtml } from "../../report/lengths-html.js";
import { curvesHtml, type Figure, figuresHtml, pageHtml } from "../../report/page.js";
import { duration, whole } from "../../report/readouts.js";
import { type RunHistory, runHistory } from "../../report/run-history.js";
import { figure, lossFigure } from "../../report/scale.js";
import { type Rows, settingsTables } from "../../report/settings-html.js";
import { type ModelConfig, modelConfig, type TextRunConfig } from "./config.js";
import { type TextEvent, type TextFacts, type TextStart, textMeasures } from "./events.js";
import { toldInBits, type Unit, unitOf } from "./levels.js";
import { trainTextSettings } from "./settings.js";

/** A run to report on. */
export interface ReportedRun {
  readonly config: Pick<TextRunConfig, "text" | "settings">;
  /** All events so far, in order. */
  readonly events: readonly TextEvent[];
}

/**
 * A run as one HTML page that stands alone: it loads nothing, opens from disk, and reads well on paper and without
 * scripts, which only add the values at the pointer. Its size hardly grows with the number of events.
 */
export function reportHtml({ config, events }: ReportedRun): string {
  const history = runHistory(events, textMeasures("char").loss);
  const unit = unitOf[history.start?.level ?? "char"];
  const name = basename(config.text.path) || config.text.path;
  return pageHtml({
    name,
    start: history.start,
    lead: html`${modelInWords(modelConfig(config.settings))}, trained to predict the next ${unit}. ${endInWords(history, unit)}`,
    body: html`${outcome(history, unit)}
${byLength(history, unit)}
${curvesHtml(history, measuresOf(history))}
${history.sample === null ? null : sampleHtml(history.sample)}
${settingsHtml(config, history.start)}`,
  });
}

/** The size of a step is known from the start. */
function measuresOf({ start }: RunHistory<TextFacts>): Measures {
  const { batch, seq } = start?.settings ?? {};
  return {
    ...textMeasures(start?.level ?? "char"),
    ...(batch && seq ? { perStep: batch * seq } : {}),
  };
}

function modelInWords({ cell, layers, hidden }: ModelConfig): string {
  const name = cell === cell.toLowerCase() && cell.length <= 4 ? cell.toUpperCase() : cell;
  return `${/^([aefhilmnorsx]|[aeiou].*)/i.test(name) && !/^uni/i.test(name) ? "An" : "A"} ${name} net with ${layers === 1 ? "one layer" : `${layers} layers`} of ${hidden} units`;
}

function endInWords({ start, end, best, validated, progress }: RunHistory<TextFacts>, unit: Unit): string {
  const last = progress.at(-1);
  if (end?.event === "done") {
    if (!end.valid)
      return "Nothing was held out, so how it predicts a text that it has not seen was not measured.";
    const { nats, step } = end.valid;
    if (!Number.isFinite(nats))
      return "No validation had a finite loss: it is left as its last step made it.";
    const kept = step < end.steps ? `, with the parameters of step ${whole(step)}, its best` : "";
    return `It predicts held-out text with a loss of ${lossInWords(nats, unit)}${kept}.`;
  }
  const nothingHeldOut = start?.characters.valid === 0;
  const state = end ? "Interrupted" : "Not finished: the last report came";
  const at = end ? `at step ${whole(end.steps)}` : last ? `at step ${whole(last.step)}` : null;
  if (at === null) return "It has not reported yet.";
  if (nothingHeldOut) return `${state} ${at}. Nothing is held out.`;
  const soFar = best
    ? `Its best loss on held-out text so far is ${lossInWords(best.nats, unit)}.`
    : validated
      ? "No validation has had a finite loss so far."
      : "It has not been validated yet.";
  return `${state} ${at}. ${soFar}`;
}

function lossInWords(nats: number, unit: Unit): string {
  const other = toldInBits(unit)
    ? `${lossFigure(natsToBits(nats))} bits`
    : `a perplexity of ${figure(perplexity(nats))}`;
  return `${lossFigure(nats)} nats per ${unit} (${other})`;
}

function outcome(history: RunHistory<TextFacts>, unit: Unit): Html {
  const { start, end, best, progress } = history;
  const last = progress.at(-1);
  const steps = end?.steps ?? last?.step;
  const seconds = end?.seconds ?? last?.seconds;
  const speed = end?.event === "done" ? end.charactersPerSecond : last?.charactersPerSecond;
  const figures: Figure[] = [];
  if (best) {
    figures.push(["Best held-out loss", lossFigure(best.nats), `nats per ${unit}`]);
    figures.push(
      toldInBits(unit)
        ? ["In bits", lossFigure(natsToBits(best.nats)), `bits per ${unit}`]
        : ["Perplexity", figure(perplexity(best.nats)), `per ${unit}, at the best`],
    );
  }
  if (steps !== undefined) figures.push(["Steps", whole(steps), stepInWords(history, unit)]);
  if (Number.isFinite(seconds)) figures.push(["Training time", duration(seconds!), "without validation"]);
  if (Number.isFinite(speed)) figures.push(["Speed", whole(speed!), `${unit}s per second`]);
  if (start) figures.push(["Parameters", whole(start.parameters), `on the ${start.executor} executor`]);
  return figuresHtml(figures);
}

/** The lengths that held-out text was read in. */
function byLength({ end }: RunHistory<TextFacts>, unit: Unit): Html | null {
  if (end?.event !== "done" || !end.beyond) return null;
  return lengthsHtml(
    [`nats per ${unit}`, toldInBits(unit) ? "bits" : "perplexity"],
    end.beyond.map(({ length, seen, nats }) => ({
      length: whole(length),
      seen,
      figures: [lossFigure(nats), toldInBits(unit) ? lossFigure(natsToBits(nats)) : figure(perplexity(nats))],
    })),
  );
}

function stepInWords({ start }: RunHistory<TextFacts>, unit: string): string {
  const { batch, seq } = start?.settings ?? {};
  return batch && seq ? `of ${batch} \u00d7 ${seq} ${unit}s` : "";
}

function sampleHtml(text: string): Html {
  return html`<section class="sample"><h2>What it writes</h2><pre>${text}</pre></section>`;
}

/** What a run on a text was given: model, training and data, each a table of the settings that acted. */
function settingsHtml(
  { text, settings }: Pick<TextRunConfig, "text" | "settings">,
  start: TextStart | null,
): Html {
  const units = `${unitOf[start?.level ?? "char"]}s`;
  const data: Rows = [["text", text.path]];
  if (start) {
    const { total, train, valid, different } = start.characters;
    data.push(
      [units, `${whole(total)}, ${whole(different)} different`],
      ["for training", whole(train)],
      ["held out", whole(valid)],
    );
  }
  return settingsTables(trainTextSettings, settings, data);
}
