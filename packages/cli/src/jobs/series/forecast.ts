import { writeFileSync } from "node:fs";
import { forecastSeries, SeriesError, type SeriesForecast } from "longspan";
import { fileReason, readRunConfig } from "longspan/node";
import type { ForecastOptions } from "../../command-options.js";
import { exampleSchema } from "../../example-jobs/example-config.js";
import { storedEncoding } from "../../example-jobs/stored-encoding.js";
import { Failure } from "../../failure.js";
import { openTrained } from "../../own-cell.js";
import { TableError } from "../../tables/index.js";
import type { SeriesColumns } from "./columns.js";
import { checkHorizon, known, type SeriesEncoding } from "./job.js";
import { readSeries } from "./read-series.js";
import { type SeriesSettings, trainSeriesSettings } from "./settings.js";
import { sameFrequency } from "./summary.js";

/** Forecasts the series of a table with a run. Returns the exit code. */
export async function forecastRun(
  run: string,
  path: string | undefined,
  {
    horizon: wanted,
    quantiles: levels,
    out,
    format = out?.endsWith(".jsonl") ? "jsonl" : "csv",
  }: ForecastOptions,
): Promise<number> {
  const config = readRunConfig(run, exampleSchema("series", trainSeriesSettings));
  const { data } = config as unknown as { readonly data: { readonly path: string } };
  const table = path ?? data.path;
  const encoding = storedEncoding<SeriesEncoding>(run);
  const { model, params, setup } = await openTrained(run, "series");
  const horizon = wanted ?? setup.horizon;
  checkHorizon(setup, horizon, run);
  const settings = config.settings as unknown as SeriesSettings;
  const { set, word } = await readSeries(table, settings, known(encoding));
  sameFrequency(table, set.frequency, setup);
  const { categories } = set.missing;
  if (categories.count > 0)
    process.stderr.write(
      `${table}, ${word} ${categories.first}: ${categories.words} was not there in training, so it counts as none (${categories.count} in all)\n`,
    );
  let found: readonly SeriesForecast[];
  try {
    found = await forecastSeries(model, params, setup, set.series, { horizon, levels });
  } catch (error) {
    if (!(error instanceof SeriesError)) throw error;
    throw new TableError(
      table,
      null,
      error.field === "target" ? (encoding.columns.targets[0] ?? null) : error.field,
      error.what,
    );
  }
  const text = format === "csv" ? csvOf(found, encoding.columns, levels) : jsonLinesOf(found, levels);
  if (out === undefined) process.stdout.write(text);
  else
    try {
      writeFileSync(out, text);
    } catch (error) {
      throw new Failure(`cannot write ${out}: ${fileReason(error)}`);
    }
  return 0;
}

/** A long table: the id and the time of each step ahead, by the names that the run's table has for them, the median, and the quantiles. */
function csvOf(
  found: readonly SeriesForecast[],
  { id, time, targets }: SeriesColumns,
  levels: readonly number[],
): string {
  const isOne = id === null && targets.length === 1;
  const head = [
    ...(isOne ? [] : [id ?? "unique_id"]),
    time ?? "step",
    "median",
    ...levels.map((level) => `q${level}`),
  ];
  const lines = [head.map(quoted).join(",")];
  for (const { id: name, times, median, quantiles } of found)
    for (const [h, at] of times.entries())
      lines.push(
        [
          ...(isOne ? [] : [quoted(name)]),
          quoted(at),
          shown(median[h]!),
          ...Array.from(quantiles[h]!, shown),
        ].join(","),
      );
  return `${lines.join("\n")}\n`;
}

function jsonLinesOf(found: readonly SeriesForecast[], levels: readonly number[]): string {
  const one = ({ id, times, median, quantiles }: SeriesForecast) =>
    JSON.stringify({ id, times, median: [...median], levels, quantiles: quantiles.map((at) => [...at]) });
  return found.map((forecast) => `${one(forecast)}\n`).join("");
}

/** As many digits as float32 has. */
function shown(number: number): string {
  return String(Number(number.toPrecision(7)));
}

function quoted(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
