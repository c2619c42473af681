import { resolve } from "node:path";
import type { RunEntry, RunSchema } from "longspan";
import { Failure } from "../failure.js";
import { type RunConfig, storedSettings } from "../run-config.js";
import type { Table } from "../settings/setting.js";
import type { ExampleSettings } from "./example-settings.js";
import { fingerprint } from "./fingerprint.js";

/** What config.json of a run over examples holds. */
export interface ExampleConfig<S = ExampleSettings> extends RunConfig {
  readonly data: {
    /** Where it was at the start: a file, or a folder. */
    readonly path: string;
    /** By which it, and what is read besides, is known again, in hexadecimal digits. */
    readonly sha256: string;
  };
  readonly settings: S & ExampleSettings;
}

const text: RunEntry = { expected: "a text", accepts: (found) => typeof found === "string" };

/** By which a config.json is checked. */
export function exampleSchema(task: string, settings: Table): RunSchema {
  return {
    task,
    entries: { "data.path": text, "data.sha256": text },
    settings: storedSettings(settings),
    complete: true,
  };
}

/**
 * Where the data of a run are.
 * @param path as the user names it, if so
 * @throws Failure if they are no longer what the run was begun with
 */
export function sameData(
  { data }: ExampleConfig,
  path: string | undefined,
  run: string,
  sources: (path: string) => readonly string[],
): string {
  const at = path ?? data.path;
  if (fingerprint([at, ...sources(at)]) === data.sha256) return at;
  throw new Failure(
    resolve(at) === data.path
      ? `${at} has changed since ${run} was begun, and a run goes on with the same data only; put the old data back, or begin a new run with another --out`
      : `${at} is not what ${run} was trained on (${data.path}); a run goes on with the same data only`,
  );
}
