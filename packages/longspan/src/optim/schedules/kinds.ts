import {
  atLeastZero,
  check,
  checkSettings,
  count,
  func,
  type KindsOf,
  listOf,
  number,
  type RequiredKind,
} from "../../check/index.js";
import type { Progress, Schedule } from "./schedule.js";

/** A schedule that checks where it is asked to be. */
export function scheduleOf(what: string, schedule: Schedule): Schedule {
  return (progress) => schedule(checkSettings(what, progress, kinds));
}

/** Checks a schedule that another one is made of. */
export function checkSchedule(what: string, schedule: unknown): void {
  check(what, "schedule", schedule, scheduleKind);
}

const scheduleKind: RequiredKind = { ...func, words: "a schedule, such as linearSchedule(0.1)" };
const kinds: KindsOf<Progress> = {
  step: count,
  fraction: atLeastZero,
  validations: listOf(number, "a list of losses"),
};
