import { suggestion } from "longspan/node";
import type { Table } from "./settings/setting.js";
import { type CommonSettings, passing } from "./settings/training.js";

/** What every config.json holds; each kind of job adds what it trains on. */
export interface RunConfig {
  readonly format: "longspan-run";
  readonly formatVersion: 7;
  /** The kind of job. */
  readonly task: string;
  readonly settings: CommonSettings;
}

/** What a config.json begins with. */
export const runHead = { format: "longspan-run", formatVersion: 7 } as const;

/** Checks what every config.json begins with. @throws TypeError naming the entry, what it is and what was expected */
export function checkHead(config: Partial<RunConfig>, task: string): void {
  checkFormat(config);
  expect("task", config.task, config.task === task, JSON.stringify(task));
}

/** Checks that it is the configuration of a run, of whatever kind of job. @throws TypeError as `checkHead` */
export function checkFormat({ format, formatVersion }: Partial<RunConfig>): void {
  expect("format", format, format === runHead.format, JSON.stringify(runHead.format));
  expect("formatVersion", formatVersion, formatVersion === runHead.formatVersion, `${runHead.formatVersion}`);
}

/**
 * Checks stored settings against their table. Returns them with those that came later than the run.
 * @throws TypeError as `checkHead`
 */
export function checkSettings<S extends object>(table: Table, stored: S): S {
  const settings: Record<string, unknown> = Object.fromEntries(Object.entries(stored ?? {}));
  const kept = Object.keys(table).filter((key) => !(passing as readonly string[]).includes(key));
  for (const key of Object.keys(settings))
    if (!kept.includes(key))
      throw new TypeError(
        `settings.${key} is unknown to this version of longspan${suggestion(key, kept)}; use the version that made the run or, if the entry was added by hand, take it out`,
      );
  for (const key of kept) {
    const { kind, before } = table[key]!;
    if (before !== undefined && !Object.hasOwn(settings, key)) settings[key] = before;
    const found = settings[key];
    const right = found === null ? kind.nullable === true : kind.accept(found) !== undefined;
    expect(`settings.${key}`, found, right, `${kind.expected}${kind.nullable ? ", or null" : ""}`);
  }
  return settings as S;
}

/** @throws TypeError naming an entry, what it is and what was expected, unless that is so */
export function expect(what: string, found: unknown, right: boolean, expected: string): void {
  if (!right) throw new TypeError(`${what} is ${JSON.stringify(found)}, expected ${expected}`);
}
