import type { LayerFlow } from "../flow/index.js";
import { describeNonFinite, type TensorReport } from "../optim/index.js";

/** What a step that ended a run, or was replaced or left out, looked like. */
export interface StepReport {
  /** Steps taken before it. */
  readonly step: number;
  /** Where its batch comes from, if the task says so. */
  readonly batch: string | null;
  /** Joint norm of the gradient; NaN or Infinity if it holds such elements. */
  readonly norm: number;
  /** The gradient, one entry per parameter. */
  readonly gradients: readonly TensorReport[];
}

/** What there was before the step: where a NaN in it may come from. */
export interface StepOrigins {
  /** The loss of the step. */
  readonly loss: number;
  readonly parameters: readonly TensorReport[];
  readonly batch: readonly TensorReport[];
  readonly carried: readonly TensorReport[];
  /** What the gradient of the step did on its way back through each recurrent layer. */
  readonly flow: readonly LayerFlow[];
}

/**
 * A run that was stopped at a gradient that exploded. The parameters, the optimiser's state and what was carried are as they were
 * before that step. The message names the step, its batch, the parameters whose gradient is not finite (or is largest), the recurrent
 * layer and the lag at which it grew, and, if something was not finite before the gradient was formed, what that was.
 *
 * @see Goodfellow, Bengio, Courville (2016), section 10.11.1
 */
export class ExplosionError extends Error {
  override name = "ExplosionError";

  constructor(
    readonly report: StepReport,
    readonly origins: StepOrigins,
  ) {
    super(messageOf(report, origins));
  }
}

/** More tensors than this are counted rather than named. */
const named = 6;

function messageOf(report: StepReport, origins: StepOrigins): string {
  const causes = [
    ...causesIn("the batch", origins.batch),
    ...causesIn("the parameters", origins.parameters),
    ...causesIn("the state carried from the step before", origins.carried),
  ];
  const loss = causes.length === 0 && !Number.isFinite(origins.loss) ? ` The loss is ${origins.loss}.` : "";
  const origin = causes.length === 0 ? loss : ` Before the step, ${causes.join("; ")}.`;
  const remedies =
    causes.length === 0
      ? "a smaller learning rate, clipByJointNorm, or another policy for explosions to go on without such steps"
      : "mend what is named; no learning rate will";
  const grown = origins.flow.map(growthIn).filter((t) => t !== null);
  const growth = grown.length === 0 ? "" : ` ${grown.join(". ")}.`;
  return `${explosionText(report)}.${origin}${growth} Remedies: ${remedies}`;
}

/** One sentence without its full stop: what exploded, at which step and batch, in which parameters. */
export function explosionText({ step, batch, norm, gradients }: StepReport): string {
  const at = `at step ${step}${batch === null ? "" : ` (${batch})`}`;
  const bad = gradients.map(describeNonFinite).filter((t) => t !== null);
  if (bad.length > 0) return `the gradient ${at} is not finite in ${listed(bad)}`;
  if (!Number.isFinite(norm))
    return `the update ${at} is not finite, although every gradient is: it overflowed`;
  const [largest] = [...gradients].sort((a, b) => b.norm - a.norm);
  const where = largest ? `; the largest part is that of "${largest.path}", ${short(largest.norm)}` : "";
  return `the gradient ${at} has the norm ${short(norm)}${where}`;
}

/** Where in a recurrent layer something stopped to be finite, or the lag at which the gradient was longest after it had grown tenfold. */
function growthIn({ layer, cell, over, nonFinite, lags }: LayerFlow): string | null {
  const where = `In recurrent layer ${layer} (${cell})`;
  if (nonFinite) {
    const { what, step, sequence } = nonFinite;
    const at = over === "chains" ? `step ${step} of sequence` : `node ${step} of tree or graph`;
    return `${where}, the first value that is not finite is in the ${what} of ${at} ${sequence}, counted from 0`;
  }
  const first = lags.find((l) => l.norm > 0);
  const peak = lags.reduce((a, b) => (b.norm > a.norm ? b : a), lags[0] ?? { lag: 0, norm: 0 });
  if (first === undefined || peak.norm < 10 * first.norm) return null;
  const far = over === "chains" ? "steps before the end" : "edges from the final states";
  return `${where}, the gradient grew on its way back: |dL/dh| is ${short(first.norm)} ${first.lag} ${far} and ${short(peak.norm)} at ${peak.lag}`;
}

function causesIn(what: string, tensors: readonly TensorReport[]): string[] {
  const bad = tensors.map(describeNonFinite).filter((t) => t !== null);
  return bad.length === 0 ? [] : [`${what} held ${listed(bad)}`];
}

function listed(texts: readonly string[]): string {
  const more = texts.length > named ? `; and ${texts.length - named} more` : "";
  return texts.slice(0, named).join("; ") + more;
}

function short(x: number): string {
  return x >= 1e-3 && x < 1e6 ? x.toPrecision(4) : x.toExponential(2);
}
