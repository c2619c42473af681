import type { ForecastDetails, ReservoirFit } from "longspan";
import { counted, figure, type RunLine } from "../../run-lines.js";

const names = { mae: "MAE", rmse: "RMSE", mase: "MASE", smape: "sMAPE", crps: "CRPS" } as const;

/** What an evaluation says besides its figures, and what a reservoir's fit does. */
export type SeriesDetails = Partial<ForecastDetails> & {
  readonly fit?: ReservoirFit;
  /** `test` where they are of the test part; absent where they are of what was held out. */
  readonly part?: string;
};

/** Whether anything was measured: nothing is where nothing is held out. */
export function isMeasured(details: SeriesDetails): details is SeriesDetails & ForecastDetails {
  return details.errors !== undefined;
}

/** The errors of the forecasts beside those of seasonal naive ones, by name. */
export function errorRows({
  errors,
  naive,
}: ForecastDetails): readonly (readonly [string, string, string])[] {
  return Object.entries(names).map(([name, words]) => {
    const shown = (value: number) =>
      Number.isFinite(value) ? `${figure(value)}${name === "smape" ? " %" : ""}` : "not known";
    return [words, shown(errors[name as keyof typeof names]), shown(naive[name as keyof typeof names])];
  });
}

/** What the naive forecast repeats. */
export function naiveInWords({ season }: ForecastDetails): string {
  return season === 1 ? "the last value repeated" : `the last season of ${season} steps repeated`;
}

/** Whether the forecasts are better than seasonal naive ones, and where not. */
export function verdict(details: ForecastDetails): string {
  const { series, better, worse, errors, naive } = details;
  if (series === 1)
    return errors.mae < naive.mae
      ? `better than the seasonal naive forecast (${naiveInWords(details)}): ${share(errors.mae, naive.mae)} of its MAE`
      : `not better than the seasonal naive forecast (${naiveInWords(details)}): ${share(errors.mae, naive.mae)} of its MAE`;
  const where = worse.map(({ id, mae, naiveMae }) => `${id} (${figure(mae)}, naive ${figure(naiveMae)})`);
  const rest = series - better - worse.length;
  return `better than the seasonal naive forecast (${naiveInWords(details)}) in ${better} of ${series} series by MAE${where.length === 0 ? "" : `; not in ${where.join(", ")}${rest > 0 ? ` and ${rest} more` : ""}`}`;
}

function share(error: number, naive: number): string {
  return `${((100 * error) / naive).toFixed(0)} %`;
}

/** How the readout of a reservoir was found. */
export function fitInWords({ ridge, runs, tried, inSample }: ReservoirFit): string {
  const by = `${counted(runs, "free run")}${inSample ? " from what it was fitted to, since the series are short" : ""}`;
  return tried.length === 1
    ? `ridge ${ridge}; quantiles by ${by}`
    : `ridge ${ridge}, of ${tried.length} the best in ${by}`;
}

/** The same in lines. */
export function comparison(details: SeriesDetails): readonly RunLine[] {
  const fit: RunLine[] = details.fit ? [["readout", fitInWords(details.fit)]] : [];
  if (!isMeasured(details)) return fit;
  const rows = errorRows(details);
  return [
    ...fit,
    ["forecast", rows.map(([name, own]) => `${name} ${own}`).join(", ")],
    ["naive", rows.map(([name, , naive]) => `${name} ${naive}`).join(", ")],
    ["", verdict(details)],
  ];
}
