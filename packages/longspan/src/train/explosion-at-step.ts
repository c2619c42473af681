import { type ExplosionState, explosionCodes, reportTensors } from "../optim/index.js";
import { isOnCpu, type Key, onCpu, scope, type Traceable } from "../tensor/index.js";
import { ExplosionError, type StepReport } from "./explosion-error.js";
import type { Gradient } from "./joined.js";
import type { Task } from "./task.js";
import { dispose, type TrainingState } from "./training-state.js";

/** What the guard did at a step. */
export interface Explosion {
  readonly action: "random" | "skip" | "stop";
  readonly seen: Promise<Pick<StepReport, "norm" | "gradients">>;
}

const actions = ["random", "skip", "stop"] as const;

/** What the guard did at the last step: null if nothing, and on an executor that cannot be read at once. */
export function explosionIn({ lastAction, norm }: ExplosionState<unknown>, grads: unknown): Explosion | null {
  if (!isOnCpu(lastAction)) return null;
  const code = onCpu(lastAction).item();
  const action = actions.find((name) => explosionCodes[name] === code);
  if (action === undefined) return null;
  const size = onCpu(norm).item();
  return { action, seen: reportTensors(grads).then((gradients) => ({ norm: size, gradients })) };
}

/** The loss of a training step and its gradient, as a function of state, batch and key. */
interface Differentiated<P, B, C> {
  /** From it, folded with the number of the step, follows the key of the step. */
  readonly key: Key;
  differentiate(
    state: { readonly params: P; readonly carried: C },
    batch: B,
    key: Key,
  ): Gradient<P> & { readonly carried: C; readonly measures: unknown };
}

/** What went wrong at a step, found by doing it again from the state that was frozen there. */
export async function explained<P, B, C, S>(
  task: Task<P, B, C>,
  state: TrainingState<P, S, C>,
  step: number,
  { key: forLoss, differentiate }: Differentiated<P, B, C>,
): Promise<ExplosionError> {
  const batch = task.batch(step);
  const {
    loss: value,
    grads,
    carried,
    measures,
  } = scope(() => differentiate(state, batch, forLoss.fold(step)));
  dispose([carried, measures]);
  const reads = [reportTensors(grads), reportTensors(state.params), reportTensors(batch)] as const;
  const [gradients, parameters, inputs] = await Promise.all(reads);
  const [held, [loss], [norm]] = await Promise.all([
    reportTensors(state.carried),
    value.data(),
    state.optimiser.norm.data(),
  ]);
  dispose([value, grads]);
  const { flowOf } = await import("./loaded-later.js");
  const { layers: flow } = await flowOf(
    // Without a flow penalty, which watches the layers itself.
    (params: Traceable<P>) => {
      const key = forLoss.fold(step);
      const { loss } =
        task.unpenalised?.(params, batch, state.carried, key) ?? task.loss(params, batch, state.carried, key);
      return loss;
    },
    state.params,
    { jacobians: 0, exponents: 0, weights: false, ratios: false, powers: false },
  );
  const report = { step, batch: task.describe?.(step) ?? null, norm: norm!, gradients };
  return new ExplosionError(report, { loss: loss!, parameters, batch: inputs, carried: held, flow });
}
