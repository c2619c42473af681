import { type CurvatureReport, curvatureByLag, type Traceable, type Value } from "longspan";
import { lagsToShow } from "./flow-lines.js";

/** The loss of the last prediction of each sequence: with a loss at every step, what is near would hide what is far. */
export type LastLoss<P> = (params: Traceable<P>) => Value;

/** Lags at which curvature is measured. */
const curvatureLags = 24;

/** Gradient and curvature of a loss against the lag, at two dozen lags of sequences of so many steps. */
export function measureCurvature<P>(loss: LastLoss<P>, params: P, steps: number): Promise<CurvatureReport> {
  return curvatureByLag(loss, params, { lags: lagsToShow(steps, curvatureLags) });
}
