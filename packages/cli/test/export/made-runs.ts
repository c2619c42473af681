import { join } from "node:path";
import {
  classifyRunModel,
  Key,
  type RunToSave,
  saveModel,
  seriesRunModel,
  syntheticRunModel,
  syntheticRunProblem,
  tagRunModel,
  textRunModel,
  unpackModel,
} from "longspan";
import { createRun } from "longspan/node";
import { everyKind, type MadeRun } from "../../../longspan/test/runs/every-kind.js";

/** The folder of a run as a program has it. */
export async function runIn(path: string, run: MadeRun["run"], cell?: string): Promise<string> {
  const { vocabulary } = unpackModel(await saveModel(run));
  const made = createRun(path, run.config, {
    ...(vocabulary ? { vocabulary: JSON.parse(new TextDecoder().decode(vocabulary)) as object } : {}),
    ...(cell === undefined ? {} : { cell }),
  });
  await made.saveWeights(run.params, run.step ?? 0);
  made.close();
  return join(path);
}

/** The run of a kind with some settings changed, its parameters drawn anew. */
export function changed(kind: keyof typeof models, settings: object, seed = 3): MadeRun["run"] {
  const { run } = everyKind[kind];
  const all = { ...run.config.settings, ...settings };
  const key = Key.of(seed);
  return { ...run, config: { ...run.config, settings: all }, params: models[kind](all as never, run, key) };
}

const models = {
  text: (settings: never, { vocabulary }: MadeRun["run"], key: Key) =>
    textRunModel(
      only(settings, "cell hidden layers features dropout window residual"),
      (vocabulary as { size: number }).size,
    ).init(key),
  synthetic: (settings: never, _: MadeRun["run"], key: Key) =>
    syntheticRunModel(
      only(settings, "cell hidden layers start"),
      syntheticRunProblem("adding", { length: null, lengths: "10-12" }),
    ).init(key),
  classify: (settings: never, { encoding }: MadeRun["run"], key: Key) =>
    classifyRunModel(settings, encoding as never).init(key),
  tag: (settings: never, { encoding }: MadeRun["run"], key: Key) =>
    tagRunModel(settings, encoding as never).init(key),
  series: (settings: never, { setup }: MadeRun["run"], key: Key) =>
    seriesRunModel(settings, setup as never).init(key),
} satisfies Record<string, (settings: never, run: MadeRun["run"], key: Key) => RunToSave["params"]>;

function only(settings: Readonly<Record<string, unknown>>, names: string): never {
  return Object.fromEntries(
    names
      .split(" ")
      .filter((name) => name in settings)
      .map((name) => [name, settings[name]]),
  ) as never;
}
