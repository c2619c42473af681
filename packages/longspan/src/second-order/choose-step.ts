import type { Tensor } from "../tensor/index.js";
import type { CgIterate } from "./conjugate-gradient.js";

/** A step that was chosen among the stages of a solution. */
export interface ChosenStep {
  readonly iterate: CgIterate;
  /** What the stage is multiplied by; 0 where no multiple lowers the loss enough. */
  readonly length: number;
  /** The loss after the step. */
  readonly loss: number;
  /** (loss after the whole stage - loss before) / q: what was won of what the model promised. -Infinity if that is nothing. */
  readonly ratio: number;
  /** How often the loss was computed. */
  readonly evaluations: number;
}

/** What the line search asks for: a share of the slope, and how it shortens the step. */
const search = { slope: 0.01, shorter: 0.8, tries: 60 } as const;

/**
 * Goes back along the stages of a solution as long as the loss falls, for late stages fit the quadratic model better than the loss;
 * then shortens the step until the loss falls by a hundredth of what its slope promises.
 *
 * @param before the loss without a step @param lossAt the loss after a step @param slope g' x for a stage x
 * @see Martens (2010), sections 4.6 and 4.7; Martens, Sutskever (2012), "Training deep and recurrent networks with Hessian-free
 * optimization", section 8.8
 */
export function chooseStep(
  iterates: readonly CgIterate[],
  before: number,
  lossAt: (x: Tensor, length: number) => number,
  slope: (x: Tensor) => number,
): ChosenStep {
  let evaluations = 0;
  const at = (x: Tensor, length: number) => {
    evaluations += 1;
    const loss = lossAt(x, length);
    return Number.isFinite(loss) ? loss : Number.POSITIVE_INFINITY;
  };
  let iterate = iterates.at(-1)!;
  let loss = at(iterate.x, 1);
  for (let k = iterates.length - 2; k >= 0; k--) {
    const earlier = at(iterates[k]!.x, 1);
    if (earlier > loss) break;
    [iterate, loss] = [iterates[k]!, earlier];
  }
  const ratio = iterate.q < 0 ? (loss - before) / iterate.q : Number.NEGATIVE_INFINITY;
  const down = slope(iterate.x);
  let length = 1;
  for (let k = 0; k < search.tries && down < 0; k++) {
    if (loss <= before + search.slope * length * down) return { iterate, length, loss, ratio, evaluations };
    length *= search.shorter;
    loss = at(iterate.x, length);
  }
  return { iterate, length: 0, loss: before, ratio, evaluations };
}
