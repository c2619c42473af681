import { join } from "node:path";
import { runFiles } from "longspan";
import { readRunConfig } from "longspan/node";
import { Failure } from "../failure.js";
import { kinds } from "./index.js";
import type { JobKind } from "./job.js";

/**
 * Something that the kind of job of a run can do.
 * @throws RunError if there is no run; Failure if its kind cannot do that
 */
export function abilityOf<K extends "inspect" | "eval" | "sample" | "forecast" | "predict">(
  run: string,
  ability: K,
): NonNullable<JobKind[K]> {
  const task = readRunConfig(run).task;
  const able = kinds.filter((kind) => kind[ability] !== undefined);
  const kind = able.find(({ name }) => name === task);
  if (kind === undefined)
    throw new Failure(
      `${join(run, runFiles.config)}: task is ${JSON.stringify(task)}, expected ${able.map(({ name }) => JSON.stringify(name)).join(" or ")}`,
    );
  return kind[ability]!;
}

/** The kind of job of a run; undefined if the command line knows none of that name. @throws RunError if there is no run */
export function kindOfRun(run: string): JobKind | undefined {
  const { task } = readRunConfig(run);
  return kinds.find(({ name }) => name === task);
}
