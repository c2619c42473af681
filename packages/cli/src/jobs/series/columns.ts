import type { CovariateConfig, CovariateRole } from "longspan";
import { type Row, type Table, TableError } from "../../tables/index.js";
import type { SeriesSettings } from "./settings.js";

/** Which columns of a table are what. */
export interface SeriesColumns {
  /** Null where a row belongs to the only series, or to one of each target. */
  readonly id: string | null;
  /** Null where rows are steps. */
  readonly time: string | null;
  /** One; of a wide table one for each series, which is called after it. */
  readonly targets: readonly string[];
  readonly covariates: readonly CovariateConfig[];
  /** How much rows count in training; absent in runs that came before there was one. */
  readonly weight?: string | null;
}

const conventions = [
  { id: "unique_id", time: "ds", target: "y" },
  { id: "item_id", time: "timestamp", target: "target" },
] as const;
const timeNames = [
  "ds",
  "timestamp",
  "date",
  "datetime",
  "time",
  "month",
  "quarter",
  "week",
  "day",
  "year",
  "period",
];

/**
 * Finds out which columns are what: by the settings, by the names of the usual conventions, and by what the first row holds.
 * @throws TableError if a column that is named is not there, or what is left is no number
 */
export function columnsOf(table: Table, first: Row, settings: SeriesSettings): SeriesColumns {
  const { columns } = table;
  const named = (text: string | null) => (text === null ? [] : text.split(",").map((name) => name.trim()));
  const roles: readonly (readonly [CovariateRole, readonly string[]])[] = [
    ["past", named(settings.past)],
    ["future", named(settings.future)],
    ["static", named(settings.static)],
  ];
  const { weight } = settings;
  const [categories, ignored] = [named(settings.categories), named(settings.ignore)];
  for (const name of [...roles.flatMap(([, names]) => names), ...categories, ...ignored, ...named(weight)])
    table.require(name);
  const covariates = roles.flatMap(([role, names]) =>
    names.map(
      (name): CovariateConfig => ({ name, role, ...(categories.includes(name) ? { kind: "category" } : {}) }),
    ),
  );
  const taken = new Set([...covariates.map(({ name }) => name), ...ignored, ...named(weight)]);
  const free = columns.filter((name) => !taken.has(name));
  const usual = conventions.find(({ target }) => free.includes(target));
  const pick = (named: string | null, byConvention: string | undefined) => {
    if (named !== null) table.require(named);
    return named ?? (byConvention !== undefined && free.includes(byConvention) ? byConvention : null);
  };
  const id = pick(settings.id, usual?.id ?? free.find((name) => name === "unique_id" || name === "item_id"));
  const time =
    pick(settings.time, usual?.time) ??
    likelyTime(
      free.filter((name) => name !== id),
      first,
    );
  const target = pick(settings.target, usual?.target);
  if (target !== null) return { id, time, targets: [target], covariates, weight };
  const targets = free.filter((name) => name !== id && name !== time);
  if (targets.length === 0)
    throw new TableError(table.path, null, null, "no column is left to be forecast; name it with --target");
  if (id !== null && targets.length > 1)
    throw new TableError(
      table.path,
      null,
      null,
      `which column is to be forecast: ${targets.join(", ")}? Name it with --target`,
    );
  for (const name of targets) refuseTexts(first, name);
  return { id, time, targets, covariates, weight };
}

/** The column of times: by its name, or the first one whose first value is written as a time is. */
function likelyTime(free: readonly string[], first: Row): string | null {
  const byName = free.find((name) => timeNames.includes(name.toLowerCase()));
  if (byName !== undefined) return byName;
  return free.length < 2
    ? null
    : (free.find((name) => /^\d{4}-?[01Qq]\d?/.test(String(first.value(name)))) ?? null);
}

function refuseTexts(first: Row, name: string): void {
  try {
    first.number(name);
  } catch (error) {
    if (!(error instanceof TableError)) throw error;
    throw first.fault(
      name,
      `${error.what.split(";")[0]}; every column that has no other part is forecast: name the one that is with --target, those of ids and times with --id and --time, and leave others out with --ignore`,
    );
  }
}
