import { gradientsAtTaps } from "../autodiff/index.js";
import type { Shapes, ValuesOf } from "../cell/index.js";
import { type Value, zeros } from "../tensor/index.js";
import { floatType, type UnfoldCall, type UnfoldOptions, watchUnfolds } from "../unfold/index.js";
import { hasStepJacobian } from "./has-step-jacobian.js";

/** dL/dstate(t) of each layer that has step Jacobians, in the order of their runs, by slot: [nodes, ...slot]; null where it is zero. */
export type StateGradients = readonly Readonly<Record<string, Value | null>>[];

/** dL/dstate(t) at every node of every layer that has step Jacobians, as if no gradient were treated on its way. */
export function stateGradients(loss: () => Value): StateGradients {
  return watchStates(loss, false).gradients;
}

/** What was seen of one layer. */
interface SeenLayer {
  readonly params: unknown;
  readonly inputs: Readonly<Record<string, Value>>;
  readonly initial: Readonly<Record<string, Value>>;
  /** Per slot, at every node: [nodes, ...slot]. */
  readonly states: Readonly<Record<string, Value>>;
  /** Per sigmoid and tanh of the step, in its order: [nodes, ...]. */
  readonly activations: readonly { readonly op: string; readonly value: Value }[];
}

/** What `watchStates` gives. */
export interface SeenStates {
  readonly loss: Value;
  readonly calls: readonly UnfoldCall[];
  readonly gradients: StateGradients;
  /** Empty unless asked for. */
  readonly layers: readonly SeenLayer[];
}

/** Runs a loss, with an eye on the state of every layer that has step Jacobians. @param all look at values too */
export function watchStates(loss: () => Value, all: boolean): SeenStates {
  const calls: UnfoldCall[] = [];
  const { value, gradients, aux } = gradientsAtTaps((tap) => {
    const layers: SeenLayer[] = [];
    const total = watchUnfolds((call, run) => {
      if (!hasStepJacobian(call)) return run(call.options);
      const { cell, params, inputs, structure, options } = call;
      const dtype = floatType(params, inputs, options.initial);
      calls.push(call);
      const writes = Object.fromEntries(
        Object.entries(cell.state).map(([slot, shape]) => [
          slot,
          tap(zeros([structure.nodes, ...shape], dtype)),
        ]),
      ) as ValuesOf<Shapes>;
      const result = run({
        ...untreated(options),
        probes: { writes },
        ...(all ? { states: true, activations: true } : {}),
      });
      if (all)
        layers.push({
          params,
          inputs,
          initial: (options.initial ?? {}) as Readonly<Record<string, Value>>,
          states: result.states!,
          activations: result.activations!,
        });
      return result;
    }, loss);
    return { loss: total, aux: layers };
  });
  let at = 0;
  const bySlot = calls.map(({ cell }) =>
    Object.fromEntries(Object.keys(cell.state).map((slot) => [slot, gradients[at++]!])),
  );
  return { loss: value, calls, gradients: bySlot, layers: aux as readonly SeenLayer[] };
}

/** The options without what treats gradients: all that flows back is seen. */
export function untreated({ backward, clipState, ...options }: UnfoldOptions<Shapes>): UnfoldOptions<Shapes> {
  return options;
}
