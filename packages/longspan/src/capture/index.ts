export * from "./capture.js";
export * from "./uncapturable.js";
