import type * as numbers from "../src/lower/enumerations.js";

/** The text of encoding.h. */
export function encodingHeader(tables: typeof numbers): string;

/** The text of instructions.h. */
export function instructionsHeader(tables: typeof numbers): string;
