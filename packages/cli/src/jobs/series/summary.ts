import { type ForecastSetup, type ForecastWindows, type Frequency, frequencyInWords } from "longspan";
import { Failure } from "../../failure.js";
import { counted, type RunLine, whole } from "../../run-lines.js";
import type { ReadSeries } from "./read-series.js";

/** What was read of a table, in words: the columns, the times, what is missing, and how it is forecast. */
export function seriesSummary(
  { columns, set, word }: ReadSeries,
  setup: ForecastSetup,
  { short, valid, test }: Pick<ForecastWindows, "short" | "valid" | "test">,
): readonly RunLine[] {
  const { series, frequency, missing } = set;
  const lengths = series.map(({ values }) => values.length);
  const [least, most] = [Math.min(...lengths), Math.max(...lengths)];
  const { id, time, targets, covariates, weight = null } = columns;
  const names = [id, time, targets.length > 8 ? `${targets.length} targets` : targets.join(", ")];
  const steps = least === most ? counted(most, "step") : `${whole(least)} to ${whole(most)} steps`;
  const table = `${names.filter((name) => name !== null).join(", ")}; ${series.length === 1 ? "one series" : `${whole(series.length)} series`} of ${steps}`;
  const others = covariates.map(({ name, role }) => `${name} (${role})`);
  if (weight !== null) others.push(`${weight} (weight)`);
  const lines: RunLine[] = [
    ["columns", others.length === 0 ? table : `${table}; beside them ${others.join(", ")}`],
    [
      "times",
      `${time === null ? "each row is a step" : frequencyInWords(frequency)}; ${gapsInWords(set, word)}`,
    ],
  ];
  const { values, covariates: blanks, categories } = missing;
  const at = (first: number | null, words: string) =>
    `the first in ${word} ${first}${words === "" ? "" : ` (${words})`}`;
  if (values.count > 0)
    lines.push([
      "missing",
      `${counted(values.count, "value")} of ${targets.length === 1 ? targets[0] : "the targets"}, ${at(values.first, values.words)}; they are left out`,
    ]);
  if (blanks.count > 0)
    lines.push([
      "missing",
      `${counted(blanks.count, "value")} beside the target, ${at(blanks.first, blanks.words)}; they count as the mean`,
    ]);
  if (categories.count > 0)
    lines.push([
      "unknown",
      `${whole(categories.count)} times a category that was not there in training, ${at(categories.first, categories.words)}; it counts as none`,
    ]);
  if (short.length > 0)
    lines.push([
      "too short",
      `${whole(short.length)} of the series, the first ${JSON.stringify(short[0]!.id)} with ${counted(short[0]!.values.length, "step")}; nothing is learned from them`,
    ]);
  return [...lines, ["forecast", setupInWords(setup, valid.length + test.length)]];
}

function gapsInWords({ missing: { gaps } }: ReadSeries["set"], word: string): string {
  if (gaps.count === 0) return "no gaps";
  return `${counted(gaps.count, "step")} missing, the first before ${word} ${gaps.first} (${gaps.words})`;
}

function setupInWords(
  { horizon, context, season, base, way, distribution, scaling, transform = "none" }: ForecastSetup,
  windows: number,
): string {
  const first = { none: "", log: "of the logarithms, ", asinh: "of asinh of the values, " }[transform];
  const to = base === "season" ? `the value a season of ${season} steps before` : "the last value";
  if (distribution.kind === "residual")
    return `${first}${counted(horizon, "step")} running free from ${context}, as what is added to ${to}, with quantiles of what such runs have missed before; ${scaled(scaling)}${measured(windows)}`;
  const what = { quantile: "quantiles", gaussian: "a Gaussian", mixture: "a mixture of Gaussians" }[
    distribution.kind
  ];
  return `${first}${counted(horizon, "step")} ${way === "direct" ? "at once" : "one by one"} from ${context}, as ${what} about ${to}; ${scaled(scaling)}${measured(windows)}`;
}

function scaled(by: ForecastSetup["scaling"]): string {
  const words = {
    window: "the deviation of what is read",
    series: "the deviation of the series",
    none: "nothing",
  };
  return `scaled by ${words[by]}`;
}

function measured(windows: number): string {
  return windows === 0 ? "" : `; measured from ${counted(windows, "origin")}`;
}

/** @throws Failure if a table's steps are not those of a run */
export function sameFrequency(
  path: string,
  found: Frequency,
  { frequency }: Pick<ForecastSetup, "frequency">,
): void {
  if (found.unit === frequency.unit && found.every === frequency.every) return;
  throw new Failure(
    `${path}: the times are ${frequencyInWords(found)}, and the run was trained on times that are ${frequencyInWords(frequency)}; a model forecasts the steps that it has learned`,
  );
}
