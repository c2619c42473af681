import { isRecord, kind, type RequiredKind } from "../../check/index.js";

/** A setup, as far as functions that take one need it. */
export const setupKind: RequiredKind = kind(
  "a setup that forecastSetup made",
  (value) =>
    isRecord(value) &&
    Number.isInteger(value.horizon) &&
    Number.isInteger(value.context) &&
    Number.isInteger(value.season) &&
    isRecord(value.frequency) &&
    isRecord(value.distribution) &&
    Array.isArray(value.covariates),
);

/** A setup of forecasts that run free. */
export const residualSetupKind: RequiredKind = kind(
  'a setup that forecastSetup made with the distribution { kind: "residual" }',
  (value) =>
    setupKind.accepts(value) &&
    (value as { readonly distribution: { readonly kind?: unknown } }).distribution.kind === "residual",
);
