import { describe, isRecord, type Kind, suggestion } from "../check/index.js";
import { RunError } from "./run-error.js";

/** What every config.json holds; each kind of run adds what it was trained on. */
export interface RunConfig {
  readonly format: "longspan-run";
  readonly formatVersion: 7;
  /** The kind of run. */
  readonly task: string;
  readonly settings: Readonly<Record<string, unknown>>;
}

/** A configuration before it is written: the format and its version are added then. */
export interface RunContent {
  /** The kind of run: `text`, `synthetic`, or one of your own. */
  readonly task: string;
  readonly settings: object;
}

/**
 * What a config.json begins with. The version says what can be read: a setting that came later than the version says what runs had
 * `before` it; any other change takes the next number, and so does a setting of a model that older versions would overlook.
 */
export const runHead = { format: "longspan-run", formatVersion: 7 } as const;

/** What an entry of a configuration may be. */
export interface RunEntry {
  /** In words: "a whole number of at least 1". */
  readonly expected: string;
  /** Whether an entry may be this. */
  accepts(found: unknown): boolean;
  /** For an entry that came later than runs did: what those runs had, whose config.json lacks it. */
  readonly before?: unknown;
}

/** What the configurations of a kind of run hold. */
export interface RunSchema {
  /** The kind, as `task` in config.json names it. */
  readonly task: string;
  /** Entries beside the settings, by their path: `text.sha256`. */
  readonly entries?: Readonly<Record<string, RunEntry>>;
  readonly settings: Readonly<Record<string, RunEntry>>;
  /** Whether these are all settings that a run of the kind has. If not, the others are left alone: they are of whoever trains it. */
  readonly complete: boolean;
}

/** An entry that is of a kind. */
export function entryOf({ words, accepts }: Kind, before?: unknown): RunEntry {
  return { expected: words, accepts, ...(before === undefined ? {} : { before }) };
}

/** What is wrong with a configuration. */
export interface Complaint {
  readonly problem: "version" | "kind" | "contents";
  readonly what: string;
  readonly remedy?: string;
}

/** Checks that it is the configuration of a run, of whatever kind. @param refuse throws */
export function checkHead(found: unknown, refuse: (complaint: Complaint) => never): RunConfig {
  const config: Partial<Record<string, unknown>> = isRecord(found) ? found : {};
  const { format, formatVersion: version, task, settings } = config;
  if (format !== runHead.format)
    refuse({
      problem: "contents",
      ...unexpected("format", format, JSON.stringify(runHead.format)),
      remedy: "the file is not of a run; give the folder of one",
    });
  if (version !== runHead.formatVersion)
    refuse({
      problem: "version",
      ...unexpected("formatVersion", version, String(runHead.formatVersion)),
      remedy:
        typeof version === "number" && version > runHead.formatVersion
          ? "the run is newer than this longspan: use the version that made it, or a later one"
          : "the run is older than this longspan: use the version that made it",
    });
  if (typeof task !== "string") refuse({ problem: "contents", ...unexpected("task", task, "a text") });
  if (!isRecord(settings))
    refuse({ problem: "contents", ...unexpected("settings", settings, "the settings by name") });
  return config as unknown as RunConfig;
}

/**
 * Checks the configuration of a run of a kind. Returns it with the entries that came later than the run.
 * @param refuse throws
 */
export function checkConfig(
  config: RunConfig,
  { task, entries = {}, settings, complete }: RunSchema,
  refuse: (complaint: Complaint) => never,
): RunConfig {
  if (config.task !== task)
    refuse({ problem: "kind", ...unexpected("task", config.task, JSON.stringify(task)) });
  for (const [path, entry] of Object.entries(entries)) checkEntry(path, at(config, path), entry, refuse);
  const names = Object.keys(settings);
  const own = Object.fromEntries(Object.entries(config.settings));
  for (const name of complete ? Object.keys(own) : [])
    if (!Object.hasOwn(settings, name))
      refuse({
        problem: "contents",
        what: `settings.${name} is unknown to this version of longspan${suggestion(name, names)}`,
        remedy: "use the version that made the run or, if the entry was added by hand, take it out",
      });
  for (const [name, entry] of Object.entries(settings)) {
    if (!Object.hasOwn(own, name) && entry.before !== undefined) own[name] = entry.before;
    checkEntry(`settings.${name}`, own[name], entry, refuse);
  }
  return { ...config, settings: own };
}

/** An error about the configuration in a file. */
export function refusing(file: string): (complaint: Complaint) => never {
  return ({ problem, what, remedy = "put back what the run had" }) => {
    throw new RunError(problem, file, `${file}: ${what}`, remedy);
  };
}

function checkEntry(
  name: string,
  found: unknown,
  { expected, accepts }: RunEntry,
  refuse: (complaint: Complaint) => never,
): void {
  if (!accepts(found)) refuse({ problem: "contents", ...unexpected(name, found, expected) });
}

function unexpected(name: string, found: unknown, expected: string): { readonly what: string } {
  const is = found === undefined ? "is missing" : `is ${describe(found)}`;
  return { what: `${name} ${is}, expected ${expected}` };
}

/** What stands at a path of names with points between them. */
function at(config: unknown, path: string): unknown {
  return path.split(".").reduce<unknown>((of, name) => (isRecord(of) ? of[name] : undefined), config);
}
