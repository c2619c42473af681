import { type Command, InvalidArgumentError, Option } from "commander";
import type { Kind } from "./kinds.js";
import {
  type Dependent,
  type Group,
  isDependent,
  nameOf,
  type Setting,
  shown,
  type Table,
  usualOf,
} from "./setting.js";

/**
 * Adds an option for each setting, the most important ones first; in a short help, only those that most runs choose are shown. None has a default here: what the user did not give is absent,
 * so that a settings file can come in between. Values are checked here and stay the words that they were; flags are true or
 * false.
 */
export function addOptions(command: Command, table: Table, short = false): Command {
  for (const { heading, keys } of headings(table))
    for (const key of keys) addOption(command, key, table[key]!, heading, short);
  return command;
}

function addOption(
  command: Command,
  key: string,
  setting: Setting<unknown>,
  heading: string,
  short: boolean,
): void {
  const { kind, conflictsWith } = setting;
  const flags = `--${nameOf(key)}`;
  const value = kind.placeholder === undefined ? undefined : (setting.placeholder ?? kind.placeholder);
  const option = new Option(value === undefined ? flags : `${flags} ${value}`, helpOf(setting));
  option.helpGroup(`${heading}:`);
  if (short && setting.first === undefined) option.hideHelp();
  if (conflictsWith !== undefined) option.conflicts(conflictsWith);
  if (value !== undefined)
    option.argParser((word: string) => {
      parserOf(kind)(word);
      return word;
    });
  command.addOption(option);
  // What a file may switch on, the command line can switch off.
  if (value === undefined && !setting.commandLineOnly)
    command.addOption(new Option(`--no-${nameOf(key)}`).helpGroup(`${heading}:`).hideHelp());
}

/**
 * The settings under the headings of the help: those that most runs choose, then each group in the order of the table, then what
 * acts only if another setting is given.
 */
function headings(table: Table): { heading: string; keys: string[] }[] {
  const all = Object.entries(table);
  const keysOf = (belongs: (setting: Setting<unknown>) => boolean) =>
    all.filter(([, setting]) => belongs(setting)).map(([key]) => key);
  const isOther = (s: Setting<unknown>) => s.first === undefined && !isDormant(table, s);
  const groups: readonly Group[] = ["model", "training", "data", "output"];
  return [
    {
      heading: "Most used",
      keys: keysOf((s) => s.first !== undefined).sort((a, b) => table[a]!.first! - table[b]!.first!),
    },
    ...groups.map((group) => ({
      heading: `${group[0]!.toUpperCase()}${group.slice(1)}`,
      keys: keysOf((s) => isOther(s) && s.group === group),
    })),
    {
      heading: "Only beside another choice",
      keys: keysOf((s) => s.first === undefined && isDormant(table, s)),
    },
  ];
}

/** Whether a setting has no effect as long as the setting that it needs is left at its default. */
function isDormant(table: Table, { needs }: Setting<unknown>): boolean {
  if (needs === undefined) return false;
  const value = usualIn(table, needs.setting);
  return needs.oneOf === undefined ? value === null || value === false : !needs.oneOf.includes(String(value));
}

/** The value of a setting where nothing is asked for. */
function usualIn(table: Table, key: string): unknown {
  let usual = table[key]!.default;
  while (isDependent(usual)) {
    const other = String(usualIn(table, usual.on) ?? "none");
    usual = Object.hasOwn(usual.values, other) ? usual.values[other] : usual.otherwise;
  }
  return usual;
}

/** Reads a word of the command line as a value of a kind. */
export function parserOf<T>(kind: Kind<T>): (word: string) => T {
  return (word) => {
    const value = kind.parse(word);
    if (value === undefined)
      throw new InvalidArgumentError(`Expected ${kind.expected}${kind.hint?.(word) ?? ""}.`);
    return value;
  };
}

function helpOf(setting: Setting<unknown>): string {
  const { help, kind, needs } = setting;
  const notes: string[] = [];
  if (kind.names) notes.push(kind.names.join(", "));
  const usual = defaultOf(setting);
  if (usual !== undefined) notes.push(`default: ${usual}`);
  if (needs && !needs.usual)
    notes.push(`with --${nameOf(needs.setting)} ${needs.oneOf?.join(" or ") ?? ""}`.trimEnd());
  return notes.length === 0 ? help : `${help} (${notes.join("; ")})`;
}

/** The default in words, if there is one to tell. */
function defaultOf(setting: Setting<unknown>): string | undefined {
  const { kind, defaultText, default: usual } = setting;
  if (defaultText !== undefined) return defaultText;
  if (kind.placeholder === undefined || (usual === null && kind.parse("none") === undefined))
    return undefined;
  return [shown(setting, usualOf(usual)), ...exceptions(setting, usual)].join("; ");
}

/** The values that a default has beside those of other settings, a text for each such setting. */
function exceptions(setting: Setting<unknown>, usual: unknown | Dependent<unknown>): string[] {
  if (!isDependent(usual)) return [];
  const others = Object.entries(usual.values).map(([name, v]) => `${name} ${shown(setting, v)}`);
  return [`by ${nameOf(usual.on)}: ${others.join(", ")}`, ...exceptions(setting, usual.otherwise)];
}
