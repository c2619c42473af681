import { Failure } from "../failure.js";
import { configFile, taskOf } from "../run-folder.js";
import { kinds } from "./index.js";
import type { JobKind } from "./job.js";

/**
 * Something that the kind of job of a run can do.
 * @throws Failure if there is no run, or its kind cannot do that
 */
export function abilityOf<K extends "inspect" | "eval" | "sample">(
  run: string,
  ability: K,
): NonNullable<JobKind[K]> {
  const task = taskOf(run);
  const able = kinds.filter((kind) => kind[ability] !== undefined);
  const kind = able.find(({ name }) => name === task);
  if (kind === undefined)
    throw new Failure(
      `${configFile(run)}: task is ${JSON.stringify(task)}, expected ${able.map(({ name }) => JSON.stringify(name)).join(" or ")}`,
    );
  return kind[ability]!;
}
