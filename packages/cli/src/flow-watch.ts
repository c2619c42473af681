import {
  type FlowReport,
  flowReport,
  type Key,
  type LanguageModel,
  type LanguageModelParams,
  type SequenceModel,
  type SequenceModelParams,
  type SymbolNumbers,
  type SyntheticProblem,
} from "longspan";
import type { FlowEvent, LayerFlowFigures } from "./events.js";
import { Failure } from "./failure.js";
import { lagsToTell } from "./flow-lines.js";
import { type LastLoss, segmentsOf, syntheticLoss, textLoss } from "./measure-flow.js";
import { figure } from "./report/scale.js";
import type { RunSettings } from "./run-config.js";
import { whole } from "./run-lines.js";

/** Least steps of a text and most sequences that are looked at. */
const usual = { steps: 100, sequences: 8 };

/** Looks, every so many steps, at how far back gradients reach in a model that is being trained. */
export class FlowWatch<P> {
  /** By layer, what the next look is compared with. */
  private readonly farthest: (number | null)[] = [];
  private readonly longest: number[] = [];

  constructor(private readonly loss: LastLoss<P>) {}

  /** How far gradients reach with these parameters, and what has become much worse since the looks before. */
  async look(params: P, step: number): Promise<FlowEvent> {
    const cheap = { jacobians: 0, exponents: 0, weights: false };
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

/**
 * Watches a language model on segments of the held-out text.
 * @throws Failure if it has no segment to read
 */
export function watchOnText(
  model: LanguageModel,
  heldOut: SymbolNumbers,
  { seq, level }: Pick<RunSettings, "seq" | "level">,
): FlowWatch<LanguageModelParams> {
  const steps = Math.max(usual.steps, seq);
  const sequences = Math.min(usual.sequences, Math.floor((heldOut.length - 1) / steps));
  if (sequences < 1)
    throw new Failure(
      `--watch-flow reads ${whole(steps + 1)} ${level === "word" ? "words" : "characters"} of the held-out text, which has ${whole(heldOut.length)}; use a longer text or a greater --valid`,
    );
  return new FlowWatch(textLoss(model, segmentsOf(heldOut, { sequences, steps })));
}

/** Watches a model on sequences of its problem, the same at each look. */
export function watchOnProblem<P>(
  model: SequenceModel<P>,
  problem: SyntheticProblem,
  key: Key,
): FlowWatch<SequenceModelParams<P>> {
  return new FlowWatch(syntheticLoss(model, problem, problem.sample(key, 0, usual.sequences)));
}

function figuresOf({ layers }: FlowReport): LayerFlowFigures[] {
  return layers.map(({ verdict: { kind, horizon }, lags }) => ({
    kind,
    horizon,
    norms: lagsToTell(lags.length).map((k) => ({ lag: lags[k]!.lag, norm: lags[k]!.norm })),
  }));
}
