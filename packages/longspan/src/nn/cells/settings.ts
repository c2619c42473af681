import { finite, optional, size } from "../../check/index.js";

/** The settings that all gated cells have. */
export const sizes = { input: size, hidden: size };

/** Those of the cells with a forget gate. */
export const lstmKinds = { ...sizes, forgetBias: optional(finite) };
