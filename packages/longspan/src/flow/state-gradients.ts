import { checkLossIn, type Equation, gradientsAtTaps } from "../autodiff/index.js";
import type { Shapes, ValuesOf } from "../cell/index.js";
import { type Value, zeros } from "../tensor/index.js";
import {
  floatType,
  type UnfoldCall,
  type UnfoldOptions,
  type UnfoldWatcher,
  watchUnfolds,
} from "../unfold/index.js";

/** dL/dstate of each recurrent layer, in the order of their runs, by slot: [nodes, ...slot]; null where it is zero. */
export type StateGradients = readonly Readonly<Record<string, Value | null>>[];

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
export interface SeenStates<X> {
  readonly loss: Value;
  readonly aux: X;
  readonly calls: readonly UnfoldCall[];
  readonly gradients: StateGradients;
  /** The recorded derivative of a layer's run: an unfold that is linear in the states. Undefined where no gradient is. */
  readonly derivativeOf: (layer: number) => Equation | undefined;
  /** Empty by default. */
  readonly layers: readonly SeenLayer[];
}

/** What `watchStates` is to do besides. */
interface Watching {
  /** Who asks, for messages. */
  readonly what: string;
  /** Look at values too. */
  readonly all?: boolean;
  /** Let the gradients be constants to a transform around. */
  readonly constant?: boolean;
  /**
   * Where a new state is looked at: where it is written, the slots being coordinates of one state, by default; or where the step forms it,
   * so that the gradient also goes by way of what the step makes of it.
   */
  readonly where?: "writes" | "formed";
}

/**
 * Runs a loss, with an eye on the state of every recurrent layer: dL/dstate is as if no gradient were treated on
 * its way. To transforms around, the loss is what it is without the eye.
 */
export function watchStates<X>(
  f: () => { readonly loss: Value; readonly aux: X },
  { what, all = false, constant = false, where = "writes" }: Watching,
): SeenStates<X> {
  const calls: UnfoldCall[] = [];
  const firstTap: number[] = [];
  let taps = 0;
  const seen = gradientsAtTaps(
    (tap) => {
      const layers: SeenLayer[] = [];
      const watcher: UnfoldWatcher = (call, run) => {
        if (!isRecurrent(call)) return run(call.options);
        const { cell, params, inputs, structure, options } = call;
        const dtype = floatType(params, inputs, options.initial);
        calls.push(call);
        firstTap.push(taps);
        const probed: Readonly<Record<string, Value | undefined>> = options.probes?.[where] ?? {};
        const tapped = Object.fromEntries(
          Object.entries(cell.state).map(([slot, shape]) => {
            taps += 1;
            return [slot, tap(probed[slot] ?? zeros([structure.nodes, ...shape], dtype))];
          }),
        ) as ValuesOf<Shapes>;
        const result = run({
          ...options,
          loop: "compiled",
          probes: { ...options.probes, [where]: tapped },
          fullInnermostGradient: true,
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
      };
      const { loss, aux } = checkLossIn({ what }, "{ loss, aux }", watchUnfolds(watcher, f));
      return { loss, aux: { own: aux, layers } };
    },
    { constant },
  );
  const { own, layers } = seen.aux as { own: X; layers: readonly SeenLayer[] };
  return {
    loss: seen.value,
    aux: own,
    calls,
    gradients: calls.map(({ cell }, i) =>
      Object.fromEntries(Object.keys(cell.state).map((slot, s) => [slot, seen.gradients[firstTap[i]! + s]!])),
    ),
    derivativeOf: (layer) => seen.readerOf(firstTap[layer]!),
    layers,
  };
}

/** Whether a run's cell has a state, which its nodes hand on along the edges of any structure. */
export function isRecurrent({ cell }: Pick<UnfoldCall, "cell">): boolean {
  return Object.keys(cell.state).length > 0;
}

/** The options without what treats gradients: all that flows back is seen. */
export function untreated({ backward, clipState, ...options }: UnfoldOptions<Shapes>): UnfoldOptions<Shapes> {
  return options;
}
