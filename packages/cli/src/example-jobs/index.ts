export { exampleAbilities } from "./abilities.js";
export type { ExampleKind, ReadExamples, ReadRequest, ShownMeasure } from "./example-kind.js";
export * from "./example-settings.js";
