import { describe, isRecord, kind, type RequiredKind } from "../../check/index.js";
import type { DelayedPort } from "./lay-out-chain.js";
import { StructureError } from "./structure-error.js";

/** By in-port, how many steps back its edges read. */
export type Delays = Readonly<Record<string, number | readonly number[]>>;

/** A record of delays by port, each a number or a list. */
export const delaysKind: RequiredKind = kind(
  "a record of delays by port, { near: 1, far: 8 }",
  (value) => isRecord(value) && Object.keys(value).length > 0,
);

/** The ports of delays, in their order. @throws StructureError for what is no delay, naming the port */
export function portsOf(what: string, delays: Delays): DelayedPort[] {
  return Object.entries(delays).map(([name, value]) => {
    const list = Array.isArray(value) ? (value as readonly number[]) : [value as number];
    const wrong = list.find((d) => !Number.isSafeInteger(d) || d < 1);
    if (wrong !== undefined || list.length === 0)
      throw new StructureError(
        `${what}: delays.${name} is ${describe(list.length === 0 ? value : wrong)}; a delay is a number of steps, at least 1`,
      );
    return { name, delays: list };
  });
}
