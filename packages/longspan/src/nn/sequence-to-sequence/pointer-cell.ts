import {
  type Cell,
  defineCell,
  type ParamSpec,
  type Shapes,
  type StepContext,
  type StepResult,
  setArgmax,
  setAt,
  setMax,
} from "../../cell/index.js";
import { add, cast, less, neg, sub, where } from "../../ops/index.js";
import type { DType, Value } from "../../tensor/index.js";
import {
  type AddressingSpecs,
  type ContentAddressing,
  logWeightsOfScores,
  setMembers,
} from "../addressing/index.js";
import { type CellMaker, checkInner, outputOf } from "../cells/inner-cell.js";
import { zerosInit } from "../init/index.js";

/** What pointer cells are made of. */
export interface PointerCellParts {
  readonly what: string;
  readonly maker: CellMaker<Shapes, unknown>;
  readonly hidden: number;
  /** Features of a member, as it is read once it has been pointed to. */
  readonly member: number;
  /** Features of the encoder's output at a member. */
  readonly key: number;
  readonly addressing: ContentAddressing<AddressingSpecs>;
}

/** The parameters of a pointer cell. */
export interface PointerSpecs<P, Q = AddressingSpecs> {
  /** Those of the cell. */
  readonly cell: P;
  /** Those of the addressing. */
  readonly address: Q;
  /** What is read before anything has been pointed to, [features of a member]. */
  readonly start: ParamSpec;
}

/** Two cells with the same parameters. */
export interface PointerCells {
  /** Is told what was pointed to before, and what is right: it gives log-probabilities per pair, and the loss as a sum. */
  readonly forced: Cell;
  /** Reads what it pointed to itself, the most probable member each time: it gives the member, and its log-probability. */
  readonly free: Cell;
  /** The state of the inner cell. */
  readonly inner: Shapes;
}

/** The state of the free cell keeps here which member it pointed to, counted from 1: 0 for none. */
const pointed = "pointed";

/** A cell that reads the member that was pointed to last, and points to the next. */
export function pointerCells({
  what,
  maker,
  hidden,
  member,
  key,
  addressing,
}: PointerCellParts): PointerCells {
  const inner = maker({ input: member, hidden });
  checkInner(what, inner);
  const query = outputOf(what, inner);
  const slots = Object.keys(inner.state);
  const shared = {
    sets: () => ({ source: { h: [key], x: [member] } }),
    start: ({ cell: own }: { readonly cell: unknown }, dtype: DType) => inner.start(own as never, dtype),
    params: () => ({
      cell: inner.specs,
      address: addressing.specs({ query, key }),
      start: zerosInit(member),
    }),
  };
  /** One step: log-probabilities of the members, after reading the one at `previous`; -1 for none. */
  const point = (
    values: Readonly<Record<string, Value>>,
    previous: Value,
    params: { readonly cell: unknown; readonly address: unknown; readonly start: Value },
    draws: StepContext,
  ) => {
    const source = values.source as unknown as { readonly h: Value; readonly x: Value };
    const isFirst = less(previous, 0);
    const x = where(isFirst, params.start, setAt(source.x, where(isFirst, 0, previous)));
    const old = Object.fromEntries(slots.map((slot) => [slot, values[slot]!]));
    const { state, output } = inner.step({ ...old, x } as never, params.cell as never, draws) as StepResult<
      Shapes,
      Value,
      unknown
    >;
    const scores = addressing.scores({ query: output, keys: source.h, params: params.address as never });
    return { state, logWeights: logWeightsOfScores(scores, setMembers) };
  };
  const forced = defineCell({
    name: `pointing ${inner.name}`,
    inputs: () => ({
      previous: { shape: [], dtype: "int32" as const },
      target: { shape: [], dtype: "int32" as const },
    }),
    ...shared,
    state: () => inner.state,
    step(values, params, draws) {
      const { state, logWeights } = point(values as never, values.previous, params as never, draws);
      return { state, output: logWeights, sums: { loss: neg(setAt(logWeights, values.target)) } };
    },
  })(undefined);
  const free = defineCell({
    name: `freely pointing ${inner.name}`,
    inputs: () => ({}),
    ...shared,
    state: (): Shapes => ({ ...inner.state, [pointed]: [] }),
    step(values, params, draws) {
      const last = (values as unknown as Readonly<Record<string, Value>>)[pointed]!;
      const previous = cast(sub(last, 1), "int32");
      const { state, logWeights } = point(values as never, previous, params as never, draws);
      const member = setArgmax(logWeights);
      return {
        state: { ...state, [pointed]: add(cast(member, last.dtype), 1) },
        output: { member, logProbability: setMax(logWeights) },
      };
    },
  })(undefined);
  return { forced: forced as unknown as Cell, free: free as unknown as Cell, inner: inner.state };
}
