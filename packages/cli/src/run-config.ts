import type { RunContent, RunEntry, RunSchema } from "longspan";
import type { Table } from "./settings/setting.js";
import { type CommonSettings, passing } from "./settings/training.js";

/** What the configuration of every run holds; each kind of job adds what it trains on. */
export interface RunConfig extends RunContent {
  readonly settings: CommonSettings;
}

/** What a run keeps of the settings of a table, as the library checks them when a run is taken up again. */
export function storedSettings(table: Table): RunSchema["settings"] {
  const kept = Object.entries(table).filter(([key]) => !(passing as readonly string[]).includes(key));
  return Object.fromEntries(
    kept.map(([key, { kind, before }]): [string, RunEntry] => [
      key,
      {
        expected: `${kind.expected}${kind.nullable ? ", or null" : ""}`,
        accepts: (found) => (found === null ? kind.nullable === true : kind.accept(found) !== undefined),
        ...(before === undefined ? {} : { before }),
      },
    ]),
  );
}
