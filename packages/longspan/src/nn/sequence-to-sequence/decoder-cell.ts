import {
  type Cell,
  CellError,
  defineCell,
  listed,
  type ParamSpec,
  type Shapes,
  type StepResult,
} from "../../cell/index.js";
import { concat, matmul, tanh } from "../../ops/index.js";
import type { Shape, Value } from "../../tensor/index.js";
import { type Addressing, type AddressingSpecs, setMembers } from "../addressing/index.js";
import { type CellMaker, checkInner, outputOf } from "../cells/inner-cell.js";
import { glorot } from "../init/index.js";

/** How a decoder attends. */
export interface Attention {
  /** Features of a member of the source. */
  readonly source: number;
  /** How members are chosen. */
  readonly addressing: Addressing<AddressingSpecs, Shapes>;
  /** Before the cell runs, from the old state, or after it, from what it gives. */
  readonly attends: "before" | "after";
  /** The slot of the state that asks, before the cell runs. */
  readonly query: string | undefined;
  /** Features of what is made of context and cell after it has run. */
  readonly output: number;
  /** Whether that is fed to the next step. */
  readonly inputFeeding: boolean;
}

/** What a decoder cell is made of. */
export interface DecoderCellParts {
  /** Who makes it, in messages. */
  readonly what: string;
  readonly maker: CellMaker<Shapes, unknown>;
  readonly hidden: number;
  /** Features of x; null for a decoder that reads nothing at its nodes. */
  readonly input: number | null;
  /** Features of a vector per sequence that is read at every step; null for none. */
  readonly context: number | null;
  readonly attention: Attention | null;
  /** Whether the weights of the members are among the outputs. */
  readonly weights: boolean;
}

/** The parameters of a decoder cell. */
export interface DecoderSpecs<P, Q = AddressingSpecs> {
  /** Those of the cell. */
  readonly cell: P;
  /** Those of the addressing, where it attends. */
  readonly address: Q;
  /** W [source + cell's output, output]: what makes the output of context and cell, where it attends after the cell. */
  readonly combine?: { readonly W: ParamSpec };
}

/** The inner cell and what the decoder makes of it. */
export interface DecoderCell {
  readonly cell: Cell;
  /** The slots of the inner cell's state: the first ones of the decoder's. */
  readonly inner: Shapes;
  /** Features of the output. */
  readonly features: number;
}

/** What a cell gives when it is fed back is kept under this name. */
const fed = "fed";

/**
 * A decoder: a cell that reads, beside x, a vector per sequence, what it attends to in a set, or what it made of that a step ago. All of
 * it is joined to the input of the inner cell, whose products take it apart again, so that what does not depend on the state leaves the
 * loop.
 */
export function decoderCell(parts: DecoderCellParts): DecoderCell {
  const { what, attention, context, input, hidden, weights: asksWeights } = parts;
  const isBefore = attention?.attends === "before";
  const read = attention && isBefore ? attention.source : 0;
  const back = attention?.inputFeeding ? attention.output : 0;
  const inner = parts.maker({ input: (input ?? 0) + read + back + (context ?? 0), hidden });
  checkInner(what, inner);
  const innerFeatures = outputOf(what, inner);
  const asking = attention ? queryOf(what, inner, attention) : null;
  const queryFeatures = asking === null ? innerFeatures : inner.state[asking]![0]!;
  const { addressing } = attention ?? {};
  const state: Shapes = { ...inner.state, ...addressing?.state, ...(back > 0 ? { [fed]: [back] } : {}) };
  for (const name of [...Object.keys(addressing?.state ?? {}), ...(back > 0 ? [fed] : [])])
    if (Object.hasOwn(inner.state, name))
      throw new CellError(
        `${what}: the state of cell ${inner.name} has a slot "${name}", which is what the attention keeps; give the slot another name`,
      );
  const cell = defineCell({
    name: `${attention ? "attending" : "conditioned"} ${inner.name}`,
    inputs: (): Record<string, Shape> => (input === null ? {} : { x: [input] }),
    sequenceInputs: (): Record<string, Shape> => (context === null ? {} : { context: [context] }),
    sets: (): Record<string, { h: Shape }> => (attention ? { source: { h: [attention.source] } } : {}),
    state: () => state,
    start: ({ cell: own }, dtype) => inner.start(own as never, dtype),
    params: () => ({
      cell: inner.specs,
      address: addressing?.specs({ query: queryFeatures, key: attention!.source }) ?? {},
      ...(attention && !isBefore
        ? { combine: { W: glorot(attention.source + innerFeatures, attention.output) } }
        : {}),
    }),
    step(values, params, draws) {
      const named = values as unknown as Readonly<Record<string, Value>> & {
        readonly source: { readonly h: Value };
      };
      const old = Object.fromEntries(Object.keys(inner.state).map((name) => [name, named[name]!]));
      const address = (query: Value) => {
        const {
          weights,
          state: kept,
          ...drawn
        } = addressing!.address({
          query,
          keys: named.source.h,
          params: params.address as never,
          state: named as never,
          members: setMembers,
          context: draws,
        });
        return { weights, kept, drawn, context: setMembers.weightedSum(weights, named.source.h) };
      };
      const before = isBefore ? address(old[asking!]!) : null;
      const joined = [named.x, before?.context, back > 0 ? named[fed] : undefined, named.context];
      const x = concat(joined.filter((v): v is Value => v !== undefined));
      const result = inner.step({ ...old, x } as never, params.cell as never, draws) as StepResult<
        Shapes,
        Value,
        unknown
      >;
      const after = attention && !isBefore ? address(result.output) : null;
      const { weights, kept, drawn = {} } = before ?? after ?? {};
      const sums = { ...(result.sums as object | undefined), ...drawn };
      const output = before
        ? concat([result.output, before.context])
        : after
          ? tanh(matmul(concat([after.context, result.output]), (params.combine as { W: Value }).W))
          : result.output;
      return {
        state: { ...result.state, ...kept, ...(back > 0 ? { [fed]: output } : {}) },
        output: asksWeights ? { output, weights: weights! } : output,
        ...(Object.keys(sums).length > 0 ? { sums } : {}),
      };
    },
  })(undefined);
  const features =
    attention === null ? innerFeatures : isBefore ? innerFeatures + attention.source : attention.output;
  return { cell: cell as unknown as Cell, inner: inner.state, features };
}

/** The slot of the state that asks before the cell runs; null where its output asks afterwards. */
function queryOf(what: string, { name, state }: Cell, { attends, query }: Attention): string | null {
  if (attends === "after") return null;
  const slots = Object.keys(state).filter((slot) => state[slot]!.length === 1);
  const chosen = query ?? (slots.includes("h") || slots.length !== 1 ? "h" : slots[0]!);
  if (slots.includes(chosen)) return chosen;
  if (slots.length === 0)
    throw new CellError(
      `${what}: attention before the cell asks with a vector of the old state, and that of cell ${name} has none; let its output ask, with attends: "after"`,
    );
  throw new CellError(
    query === undefined
      ? `${what}: which slot of the state asks? That of cell ${name} has the vectors ${listed(slots)}; name one as query`
      : `${what}: query is "${query}", but the state of cell ${name} has the vectors ${listed(slots)}`,
  );
}
