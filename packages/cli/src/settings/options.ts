import { type Command, InvalidArgumentError, Option } from "commander";
import type { Kind } from "./kinds.js";
import { suggestion } from "./nearest.js";
import { isDependent, nameOf, type Setting, shown, type Table } from "./setting.js";

/**
 * Adds an option for each setting, under the heading of its group. None has a default here: what the user did not give is
 * absent, so that a settings file can come in between. Values are checked here and stay the words that they were; flags are
 * true or false.
 */
export function addOptions(command: Command, table: Table): Command {
  for (const [key, setting] of Object.entries(table)) {
    const { kind, group, conflictsWith } = setting;
    const flags = `--${nameOf(key)}`;
    const value = kind.placeholder === undefined ? undefined : (setting.placeholder ?? kind.placeholder);
    const option = new Option(value === undefined ? flags : `${flags} ${value}`, helpOf(setting));
    option.helpGroup(`${group[0]!.toUpperCase()}${group.slice(1)}:`);
    if (conflictsWith !== undefined) option.conflicts(conflictsWith);
    if (value !== undefined)
      option.argParser((word: string) => {
        parserOf(kind)(word);
        return word;
      });
    command.addOption(option);
    // What a file may switch on, the command line can switch off.
    if (value === undefined && !setting.commandLineOnly)
      command.addOption(new Option(`--no-${nameOf(key)}`).hideHelp());
  }
  return command;
}

/** Reads a word of the command line as a value of a kind. */
export function parserOf<T>(kind: Kind<T>): (word: string) => T {
  return (word) => {
    const value = kind.parse(word);
    if (value === undefined)
      throw new InvalidArgumentError(`Expected ${kind.expected}${suggestion(word, kind.names ?? [])}.`);
    return value;
  };
}

function helpOf(setting: Setting<unknown>): string {
  const { help, kind, needs } = setting;
  const notes: string[] = [];
  if (kind.names) notes.push(kind.names.join(", "));
  const usual = defaultOf(setting);
  if (usual !== undefined) notes.push(`default: ${usual}`);
  if (needs) notes.push(`with --${nameOf(needs.setting)} ${needs.oneOf?.join(" or ") ?? ""}`.trimEnd());
  return notes.length === 0 ? help : `${help} (${notes.join("; ")})`;
}

/** The default in words, if there is one to tell. */
function defaultOf(setting: Setting<unknown>): string | undefined {
  const { kind, defaultText, default: usual } = setting;
  if (defaultText !== undefined) return defaultText;
  if (kind.placeholder === undefined || (usual === null && kind.parse("none") === undefined))
    return undefined;
  if (!isDependent(usual)) return shown(setting, usual);
  const others = Object.entries(usual.values).map(([name, v]) => `${name} ${shown(setting, v)}`);
  return `${shown(setting, usual.otherwise)}; by ${nameOf(usual.on)}: ${others.join(", ")}`;
}
