/** Means over the updates since the last progress event, with --optimizer hessian-free. */
export interface SecondOrderMeasures {
  readonly damping: number;
  /** Conjugate gradient steps per update. */
  readonly cgSteps: number;
  /** What an update won as a share of what its model promised. */
  readonly ratio: number;
  readonly stepLength: number;
  /** p' A p / p' p where the solver met negative curvature, else 0. */
  readonly negativeCurvature: number;
  /** v' H v / v' v along the gradient and along the step. */
  readonly hessianAlongGradient: number;
  readonly hessianAlongStep: number;
  /** Predictions in the batch that curvature is taken from. */
  readonly curvatureBatch: number;
  /** Of an update, in gradients of its batch. */
  readonly cost: number;
}

/** What `hessianFree` measures, if it is in use. */
export function secondOrderMeasures(measures: Readonly<Record<string, number>>): {
  readonly secondOrder?: SecondOrderMeasures;
} {
  const of = (name: string) => measures[name]!;
  if (measures["cg steps"] === undefined) return {};
  return {
    secondOrder: {
      damping: of("damping"),
      cgSteps: of("cg steps"),
      ratio: of("reduction ratio"),
      stepLength: of("step length"),
      negativeCurvature: of("negative curvature"),
      hessianAlongGradient: of("hessian along gradient"),
      hessianAlongStep: of("hessian along step"),
      curvatureBatch: of("curvature batch"),
      cost: of("cost in gradients"),
    },
  };
}
