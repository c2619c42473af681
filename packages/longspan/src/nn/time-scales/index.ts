export { type ClockworkConfig, type ClockworkGroup, clockwork } from "./clockwork.js";
export {
  type DelayedGroup,
  type DelayedRnnConfig,
  type DelayedRnnParams,
  delayedRnn,
} from "./delayed-rnn.js";
export { type LeakyConfig, type LeakySpecs, leaky } from "./leaky.js";
export { type LeakTimeConstants, timeConstantInit, timeConstantsOf } from "./time-constants.js";
