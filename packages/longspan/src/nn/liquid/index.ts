export { type LiquidConfig, type LiquidShapes, type LiquidSpecs, liquid } from "./liquid.js";
