export * from "./collect-series.js";
export type { CovariateConfig } from "./covariate-column.js";
export type { ForecastDetails, ForecastPicture } from "./evaluate-forecasts.js";
export * from "./forecast-errors.js";
export * from "./forecast-learner.js";
export * from "./forecast-model.js";
export type { ForecastDistribution } from "./forecast-output.js";
export { type AskedForecast, forecastPredictor } from "./forecast-predictor.js";
export {
  type ForecastSetup,
  type ForecastSetupSettings,
  forecastInputs,
  forecastOutputs,
  forecastSetup,
  type ScaledCovariate,
} from "./forecast-setup.js";
export { forecastWeights } from "./forecast-weights.js";
export {
  type ForecastWindow,
  type ForecastWindows,
  type ForecastWindowsOptions,
  forecastWindows,
  type HeldOut,
  heldOutOrigins,
} from "./forecast-windows.js";
export * from "./forecaster.js";
export { type Frequency, type FrequencyUnit, frequencyInWords, seasonOf } from "./frequency.js";
export type { ForecastBatch } from "./pack-windows.js";
export {
  type ReservoirForecastConfig,
  type ReservoirForecastModel,
  type ReservoirForecastParams,
  reservoirForecastModel,
} from "./reservoir-forecaster.js";
export {
  type ReservoirFit,
  type ReservoirForecastOptions,
  reservoirForecastLearner,
} from "./reservoir-learner.js";
export { type NaiveForecast, seasonalNaive } from "./seasonal-naive.js";
export { SeriesError } from "./series-error.js";
export type * from "./time-series.js";
export type { TimeStyle } from "./times.js";
export type { ValueTransform } from "./value-transform.js";
