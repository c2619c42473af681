import type { Region, Written } from "./region.js";

/** One application of an operation: its settings, what it reads, and what is known of its result. */
export interface Call {
  readonly op: string;
  // biome-ignore lint/suspicious/noExplicitAny: each row knows its operation's settings
  readonly attrs: any;
  readonly inputs: readonly Written[];
  readonly out: Omit<Written, "name">;
}

/** Adds the nodes of one application to a region; returns the name of the result. */
export type Rule = (call: Call, region: Region) => string;
