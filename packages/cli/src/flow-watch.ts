import { type FlowReport, flowReport, type TrainCallback } from "longspan";
import type { FlowEvent, LayerFlowFigures } from "./events.js";
import { lagsToShow } from "./flow-lines.js";
import type { LastLoss } from "./measure-flow.js";
import { figure } from "./report/scale.js";

/** Most sequences that are looked at. */
export const watchedSequences = 8;

/** Looks, every so many steps, at how far back gradients reach in a model that is being trained. */
export class FlowWatch<P> {
  /** By layer, what the next look is compared with. */
  private readonly farthest: (number | null)[] = [];
  private readonly longest: number[] = [];

  constructor(private readonly loss: LastLoss<P>) {}

  /** How far gradients reach with these parameters, and what has become much worse since the looks before. */
  async look(params: P, step: number): Promise<FlowEvent> {
    const cheap = { jacobians: 0, exponents: 0, weights: false, timeConstants: false, powers: false };
    const layers = figuresOf(await flowReport(this.loss, params, cheap));
    const warnings = layers.flatMap((layer, k) => this.compared(layer, k));
    return { event: "flow", step, layers, warnings };
  }

  /** A horizon is compared with the farthest since the last warning, so that a slow fall is noticed too; a norm with the one before. */
  private compared({ horizon, norms }: LayerFlowFigures, k: number): string[] {
    const warnings: string[] = [];
    const far = this.farthest[k] ?? null;
    const fell = far !== null && horizon !== null && horizon < far / 2;
    if (fell) warnings.push(`in layer ${k + 1}, gradients reach ${horizon} steps back, no longer ${far}`);
    if (horizon !== null) this.farthest[k] = fell ? horizon : Math.max(far ?? 0, horizon);
    const norm = Math.max(...norms.map((n) => n.norm));
    const last = this.longest[k];
    // Not below: a norm that is not finite has jumped.
    if (last !== undefined && last > 0 && !(norm < 10 * last))
      warnings.push(`in layer ${k + 1}, the gradient's norm jumped from ${figure(last)} to ${figure(norm)}`);
    if (Number.isFinite(norm)) this.longest[k] = norm;
    return warnings;
  }
}

/** Looks every so many steps, and tells. */
export function looking<P>(
  watch: FlowWatch<P>,
  every: number,
  report: (event: FlowEvent) => void,
): TrainCallback<P, unknown, unknown> {
  return {
    onStep: async ({ params, step }) => {
      if (step % every === 0) report(await watch.look(params, step));
    },
  };
}

function figuresOf({ layers }: FlowReport): LayerFlowFigures[] {
  return layers.map(({ verdict: { kind, horizon }, lags, memory }) => ({
    kind,
    horizon,
    norms: lagsToShow(lags.length).map((k) => ({ lag: lags[k]!.lag, norm: lags[k]!.norm })),
    ...(memory && { memory }),
  }));
}
