import { classify } from "./classify/kind.js";
import type { JobKind } from "./job.js";
import { pairs } from "./pairs/kind.js";
import { series } from "./series/kind.js";
import { synthetic } from "./synthetic/kind.js";
import { tag } from "./tag/kind.js";
import { text } from "./text/kind.js";
import { trees } from "./trees/kind.js";

/** The kinds of job, in the order of the help: a folder and a line for each. */
export const kinds: readonly JobKind[] = [text, series, classify, tag, pairs, trees, synthetic];
