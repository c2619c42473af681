import type { LengthsOptions } from "longspan";
import { endsOf, lengthsIn } from "../../settings/lengths.js";
import type { SyntheticRunConfig } from "./config.js";

/** The lengths that were asked for, and those of training; there are none where the problem itself draws them. */
export function lengthsOf({ settings: { length, lengths, beyond } }: SyntheticRunConfig): LengthsOptions {
  const seen = lengths !== null ? endsOf(lengths) : { least: length ?? 1, most: length ?? 1 };
  return { lengths: beyond === null ? [] : lengthsIn(beyond), seen };
}
