export { type Drawable, type DrawOptions, type DrawUnfoldedOptions, draw, drawUnfolded } from "./draw.js";
export { type DrawForecastOptions, drawForecast } from "./forecast-picture.js";
export { type DrawPowersOptions, drawPowers } from "./powers-picture.js";
export type { DrawableModel } from "./wiring-of-model.js";
