import { optional, size } from "../../check/index.js";
import { ShapeError } from "../../tensor/index.js";
import type { GruConfig } from "./gru.js";
import { sizes } from "./settings.js";

/** Settings of the cells whose units share gates. */
export interface GroupedConfig extends GruConfig {
  /** Groups of `hidden / groups` units, one after the other; 1 by default: the whole layer. */
  readonly groups?: number;
}

/** What the settings of a cell with groups may be. */
export const groupedKinds = { ...sizes, groups: optional(size) };

/** @throws ShapeError if the units do not fall into groups of one size */
export function checkGroups(what: string, hidden: number, groups: number): void {
  if (hidden % groups !== 0)
    throw new ShapeError(
      `${what}: ${hidden} units do not fall into ${groups} groups of one size; make hidden a multiple of groups`,
    );
}
