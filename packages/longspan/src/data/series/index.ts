export { type LorenzOptions, lorenz } from "./lorenz.js";
export { type MackeyGlassOptions, mackeyGlass } from "./mackey-glass.js";
export { type DrivenSeries, type NarmaOptions, narma } from "./narma.js";
