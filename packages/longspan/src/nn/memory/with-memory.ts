import {
  type Cell,
  CellError,
  defineCell,
  type ParamSpec,
  type Shapes,
  type StepResult,
  type ValuesOf,
} from "../../cell/index.js";
import {
  check,
  checkSettings,
  finitePositive,
  func,
  type KindsOf,
  optional,
  size,
} from "../../check/index.js";
import { add, clamp, concat, matmul } from "../../ops/index.js";
import type { Shape, Value } from "../../tensor/index.js";
import { type CellMaker, checkInner, outputOf } from "../cells/inner-cell.js";
import { glorot, zerosInit } from "../init/index.js";
import { type Memory, type MemorySpecs, memoryKind } from "./memory.js";

/** Settings of a controller. */
export interface ControllerConfig {
  /** Features of x. */
  readonly input: number;
  /** Units of the controller. */
  readonly hidden: number;
  /** The controller's output is kept between -clip and clip, element by element; 20 by default. */
  readonly clip?: number;
}

/** Settings of `withMemory`. */
export interface WithMemoryConfig<Q extends MemorySpecs = MemorySpecs, T extends Shapes = Shapes>
  extends ControllerConfig {
  readonly memory: Memory<Q, T>;
}

/** The parameters of a cell with a memory. */
export interface WithMemorySpecs<P, Q> {
  /** Those of the controller. */
  readonly controller: P;
  /** W [controller's output, emits], Glorot-uniform at first, and b [emits], zero: what the memory is told. */
  readonly emit: { readonly W: ParamSpec; readonly b: ParamSpec };
  /** Those of the memory itself. */
  readonly memory: Q;
}

/** A cell with a memory, made by `withMemory` or by a function that makes the memory too. */
export type Machine<S extends Shapes, P, Q extends MemorySpecs, T extends Shapes> = Cell<
  { x: Shape },
  WithMemoryState<S, T>,
  WithMemorySpecs<P, Q>,
  Value,
  MemorySums
>;

/** State of a cell with a memory: that of the controller, that of the memory, and what was read last. */
export type WithMemoryState<S, T> = S & T & { readonly read: Shape };

/** What a cell with a memory sums over each sequence: what its controller does, and `logProbability` where the memory draws. */
export type MemorySums = Readonly<Record<string, Value>> & { readonly logProbability?: Value };

/** What was read last is kept under this name. */
const last = "read";

/**
 * A cell with a memory beside it: any cell controls any memory.
 *
 *     v(t) = controller([x(t), r(t-1)]),  kept between -clip and clip
 *     r(t) = memory(W v(t) + b)
 *     output(t) = [v(t), r(t)]
 *
 * What is read at a step goes into the controller at the next, and into the output at once. The controller may be a cell without a state,
 * such as `perceptron`: then all that is remembered is in the memory.
 *
 * @param controller a cell of the library, such as `lstm`, or a function from { input, hidden } to one
 * @throws CellError if controller and memory have a slot of one name
 * @see Goodfellow, Bengio, Courville (2016), section 10.12 and figure 10.18; Graves, Wayne, Danihelka (2014), "Neural Turing machines"
 * @example
 * const cell = withMemory(lstm, { input: 3, hidden: 4, memory: turingMemory({ rows: 6, width: 5 }) });
 * const { output, final } = unfold(cell, cell.init(Key.of(1)), { x: zeros([5, 3]) }, chain([4, 1]));
 * output.shape // [ 5, 9 ]: 4 units of the controller, 5 features read
 * final.memory.shape // [ 2, 6, 5 ]
 */
export function withMemory<S extends Shapes, P, Q extends MemorySpecs, T extends Shapes>(
  controller: CellMaker<S, P>,
  config: WithMemoryConfig<Q, T>,
): Machine<S, P, Q, T> {
  check("withMemory", "controller", controller, func);
  const { input, hidden, memory, clip = 20 } = checkSettings("withMemory", config, kinds);
  const inner = controller({ input: input + memory.reads, hidden }) as unknown as Cell;
  checkInner("withMemory", inner);
  const features = outputOf("withMemory", inner);
  for (const slot of [...Object.keys(memory.state), last])
    if (Object.hasOwn(inner.state, slot) || (slot === last && Object.hasOwn(memory.state, slot)))
      throw new CellError(
        `withMemory: the state of ${slot === last && Object.hasOwn(memory.state, slot) ? `the memory ${memory.name}` : `cell ${inner.name}`} has a slot "${slot}", which is what ${slot === last ? "was read last is kept under" : `the memory ${memory.name} keeps`}; give the slot another name`,
      );
  const cell = defineCell({
    name: `${inner.name} with ${memory.name}`,
    inputs: () => ({ x: [input] }),
    state: (): Shapes => ({ ...inner.state, ...memory.state, [last]: [memory.reads] }),
    params: () => ({
      controller: inner.specs,
      emit: { W: glorot(features, memory.emits), b: zerosInit(memory.emits) },
      memory: memory.specs,
    }),
    start: (params, dtype) => ({
      ...inner.start(params.controller as never, dtype),
      ...memory.start?.(params.memory as never, dtype),
    }),
    step({ x, ...state }, { controller: own, emit, memory: params }, context) {
      const old = state as unknown as Readonly<Record<string, Value>>;
      const slots = (of: Shapes) => Object.fromEntries(Object.keys(of).map((name) => [name, old[name]!]));
      const inputs = { ...slots(inner.state), x: concat([x, old[last]!]) };
      const result = inner.step(inputs as never, own as never, context) as StepResult<Shapes, Value, unknown>;
      const v = clamp(result.output, -clip, clip);
      const emitted = add(matmul(v, emit.W), emit.b);
      const call = { emitted, params: params as never, state: slots(memory.state) as ValuesOf<T>, context };
      const { read, state: kept, logProbability } = memory.step(call);
      const drawn = logProbability && { logProbability };
      return {
        state: { ...result.state, ...kept, [last]: read },
        output: concat([v, read]),
        ...(result.sums || drawn ? { sums: { ...(result.sums as MemorySums), ...drawn } } : {}),
      };
    },
  })(undefined);
  return cell as never;
}

const controllerKinds = { input: size, hidden: size, clip: optional(finitePositive) };
const kinds = { ...controllerKinds, memory: memoryKind };

/**
 * A controller with a memory that is made of the same settings.
 * @param what who makes it, in messages @param memoryKinds the kinds of the memory's settings @param make the memory of its settings
 */
export function machineOf<S extends Shapes, P, Q extends MemorySpecs, T extends Shapes, C extends object>(
  what: string,
  controller: CellMaker<S, P>,
  config: ControllerConfig & C,
  memoryKinds: KindsOf<C>,
  make: (of: C) => Memory<Q, T>,
): Machine<S, P, Q, T> {
  check(what, "controller", controller, func);
  const settled = checkSettings(what, config as never, { ...memoryKinds, ...controllerKinds } as never);
  const { input, hidden, clip, ...of } = settled as ControllerConfig;
  return withMemory(controller, {
    input,
    hidden,
    memory: make(of as C),
    ...(clip === undefined ? {} : { clip }),
  }) as never;
}
