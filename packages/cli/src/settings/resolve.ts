import { exitCode, Failure } from "../failure.js";
import {
  type Dependent,
  isDependent,
  type Needs,
  nameOf,
  shown,
  type Table,
  type ValuesOf,
} from "./setting.js";
import { type FileSetting, readSettingsFile } from "./settings-file.js";

/** Where the value of a setting comes from. */
export type Origin =
  | { readonly from: "command line" }
  | ({ readonly from: "file" } & Omit<FileSetting, "value">)
  | { readonly from: "default" };

/** What the command line gives, by key: words, and true or false for flags. */
export type CommandLine = Readonly<Record<string, string | boolean | undefined>>;

/** The settings of a run. */
export interface Resolved<T extends Table> {
  readonly values: ValuesOf<T>;
  readonly origins: { readonly [K in keyof T]: Origin };
  /** A setting with its value, as the user knows it: `--batch 16`, `batch: 16 (my.yaml, line 3)`. */
  phrase(key: keyof T & string): string;
}

/**
 * Puts the settings together: the command line goes before the file that it names (`config`), the file before the defaults.
 * @param commandLine checked already; absent where the command line says nothing.
 * @throws Failure if the file cannot be read, or if two settings of one place exclude each other
 */
export function resolveSettings<T extends Table>(table: T, commandLine: CommandLine): Resolved<T> {
  const found = new Map<string, { value: unknown; origin: Origin }>();
  const { config } = commandLine;
  if (typeof config === "string")
    for (const [key, { value, ...origin }] of readSettingsFile(table, config))
      found.set(key, { value, origin: { from: "file", ...origin } });
  for (const [key, { kind }] of Object.entries(table)) {
    const word = commandLine[key];
    if (word === undefined) continue;
    const value = typeof word === "string" ? kind.parse(word) : word;
    found.set(key, { value, origin: { from: "command line" } });
  }
  dropOverruled(table, found);

  // A default asks for the value that it depends on, wherever that stands in the table.
  const resolved = (key: string): unknown =>
    found.has(key) ? found.get(key)!.value : defaultFrom(table[key]!.default, resolved);
  const values: Record<string, unknown> = {};
  const origins: Record<string, Origin> = {};
  for (const key of Object.keys(table)) {
    values[key] = resolved(key);
    origins[key] = found.get(key)?.origin ?? { from: "default" };
  }
  const phrase = (key: string) => phraseOf(table, key, values[key], origins[key]!);
  return { values: values as ValuesOf<T>, origins: origins as Resolved<T>["origins"], phrase };
}

/**
 * For the settings of a new run: one that goes on has those that it began with.
 * @throws Failure if a setting that was given has no effect beside the others
 */
export function checkEffects(table: Table, { values, origins, phrase }: Resolved<Table>): void {
  for (const key of Object.keys(table)) {
    const origin = origins[key]!;
    const needs = missing(table, values, key);
    if (needs === null || origin.from === "default") continue;
    // What the command line changes may leave settings of the file without effect.
    if (rank(origin) < rank(origins[needs.setting]!)) continue;
    const needed = spelt(origin, needs.setting, needs.oneOf?.join(" or ") ?? "").trimEnd();
    throw failure(
      origin,
      `${phrase(key)} has no effect with ${phrase(needs.setting)}; it belongs to ${needed}`,
    );
  }
}

/** Of two settings that exclude each other, the one from the weaker place goes. */
function dropOverruled(table: Table, found: Map<string, { value: unknown; origin: Origin }>): void {
  for (const [key, { conflictsWith: other }] of Object.entries(table)) {
    const [a, b] = [found.get(key), found.get(other ?? "")];
    if (other === undefined || !a || !b || !isOn(a.value) || !isOn(b.value)) continue;
    const order = rank(a.origin) - rank(b.origin);
    if (order !== 0) {
      found.delete(order < 0 ? key : other);
      continue;
    }
    const [one, another] = [
      phraseOf(table, key, a.value, a.origin),
      phraseOf(table, other, b.value, b.origin),
    ];
    throw failure(a.origin, `${one} and ${another} exclude each other; give one of them`);
  }
}

function defaultFrom<T>(usual: T | Dependent<T>, resolved: (key: string) => unknown): T {
  if (!isDependent(usual)) return usual;
  const other = resolved(usual.on) ?? "none";
  return Object.hasOwn(usual.values, String(other))
    ? usual.values[String(other)]!
    : defaultFrom(usual.otherwise, resolved);
}

/** Whether a setting acts beside the others. */
export function applies(table: Table, values: Readonly<Record<string, unknown>>, key: string): boolean {
  return missing(table, values, key) === null;
}

/** What a setting needs and has not, or what the setting that it needs usually has; null if it acts. */
function missing(table: Table, values: Readonly<Record<string, unknown>>, key: string): Needs | null {
  const needs = table[key]?.needs;
  if (needs === undefined) return null;
  const further = missing(table, values, needs.setting);
  if (further?.usual) return further;
  const value = values[needs.setting];
  const has = needs.oneOf === undefined ? isOn(value) : needs.oneOf.includes(String(value));
  return has ? null : needs;
}

function isOn(value: unknown): boolean {
  return value !== null && value !== false;
}

function rank(origin: Origin): number {
  return ["default", "file", "command line"].indexOf(origin.from);
}

function failure(origin: Origin, message: string): Failure {
  return new Failure(message, origin.from === "command line" ? exitCode.usage : exitCode.failure);
}

function phraseOf(table: Table, key: string, value: unknown, origin: Origin): string {
  const words = spelt(origin, key, shown(table[key]!, value));
  if (origin.from === "file") return `${words} (${origin.path}, line ${origin.line})`;
  return origin.from === "default" ? `${words} (the default)` : words;
}

/** A setting as it is written in the place of `origin`. */
function spelt({ from }: Origin, key: string, value: string): string {
  const name = nameOf(key);
  if (from === "file") return `${name}: ${value}`;
  return value === "true" ? `--${name}` : value === "false" ? `--no-${name}` : `--${name} ${value}`;
}
