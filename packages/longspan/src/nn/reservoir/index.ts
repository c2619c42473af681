export * from "./after-washout.js";
export * from "./composed.js";
export * from "./reservoir.js";
export type { Wiring } from "./wiring.js";
export * from "./with-spectral-radius.js";
