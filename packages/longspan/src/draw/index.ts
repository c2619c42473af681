export { type Drawable, type DrawOptions, type DrawUnfoldedOptions, draw, drawUnfolded } from "./draw.js";
export type { DrawableModel } from "./wiring-of-model.js";
