export * from "./pack-stories.js";
export * from "./read-stories.js";
export type { StoryQuestion } from "./story-question.js";
export * from "./story-vocabulary.js";
