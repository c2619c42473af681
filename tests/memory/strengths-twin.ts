// Stacks, queues and double-ended queues in plain numbers, as Grefenstette et al. (2015) write them: a list that grows, the bottom first.

/** What is in a list: rows and strengths, from the bottom to the top, and whether the top was pushed at. */
export interface ListTwin {
  rows: { readonly value: readonly number[]; strength: number; readonly at: "top" | "bottom" }[];
}

/** What an end is told: v, d and u, as the memory squashes them. */
export interface Order {
  readonly value: readonly number[];
  readonly push: number;
  readonly pop: number;
}

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
const sum = (xs: readonly number[]) => xs.reduce((a, b) => a + b, 0);

/** The order of so many numbers that a controller emits: v [width], d, u; biases are those by default. */
export function orderOf(emitted: readonly number[], width: number): Order {
  const value = emitted.slice(0, width).map(Math.tanh);
  return { value, push: sigmoid(emitted[width]! - 1), pop: sigmoid(emitted[width + 1]! - 2) };
}

type Twin = (twin: ListTwin, orders: readonly Order[], capacity: number) => number[];

/** A step of each: what is read. */
export const twins: Readonly<Record<"stackMemory" | "queueMemory" | "dequeMemory", Twin>> = {
  stackMemory(twin, [order], capacity) {
    pop(twin, order!.pop, "top");
    push(twin, order!, "top", capacity);
    return read(twin, "top", order!.value.length);
  },
  queueMemory(twin, [order], capacity) {
    pop(twin, order!.pop, "bottom");
    push(twin, order!, "top", capacity);
    return read(twin, "bottom", order!.value.length);
  },
  dequeMemory(twin, [top, bottom], capacity) {
    pop(twin, top!.pop, "top");
    pop(twin, bottom!.pop, "bottom");
    push(twin, top!, "top", capacity);
    push(twin, bottom!, "bottom", capacity);
    const width = top!.value.length;
    return [...read(twin, "top", width), ...read(twin, "bottom", width)];
  },
};

type End = "top" | "bottom";

/** For each row, the strengths between it and the end. */
function before({ rows }: ListTwin, end: End): number[] {
  const strengths = rows.map(({ strength }) => strength);
  return strengths.map((_, i) => sum(end === "top" ? strengths.slice(i + 1) : strengths.slice(0, i)));
}

function pop(twin: ListTwin, amount: number, end: End): void {
  const nearer = before(twin, end);
  for (const [i, row] of twin.rows.entries())
    row.strength = Math.max(0, row.strength - Math.max(0, amount - nearer[i]!));
}

function push({ rows }: ListTwin, { value, push: strength }: Order, at: End, capacity: number): void {
  rows.splice(at === "top" ? rows.length : 0, 0, { value, strength, at });
  const own = rows.filter((row) => row.at === at);
  // The oldest of an end lies furthest from it.
  if (own.length > capacity) rows.splice(rows.indexOf(at === "top" ? own[0]! : own.at(-1)!), 1);
}

function read(twin: ListTwin, end: End, width: number): number[] {
  const nearer = before(twin, end);
  const weights = twin.rows.map(({ strength }, i) => Math.min(strength, Math.max(0, 1 - nearer[i]!)));
  return Array.from({ length: width }, (_, j) =>
    sum(twin.rows.map(({ value }, i) => weights[i]! * value[j]!)),
  );
}

/** Stacks of numbers that are mixed by probability, as Joulin and Mikolov (2015) write them. @param stacks [stacks][depth], changed in place */
export function mix(
  stacks: number[][],
  emitted: readonly number[],
  { actions, top, empty, rounded }: { actions: number; top: number; empty: number; rounded: boolean },
): number[] {
  const values = emitted.slice(stacks.length * actions);
  for (const [k, old] of stacks.entries()) {
    const logits = emitted.slice(k * actions, (k + 1) * actions);
    const exponents = logits.map(Math.exp);
    const best = logits.indexOf(Math.max(...logits));
    const [push, pop, stay = 0] = exponents.map((e, i) =>
      rounded ? Number(i === best) : e / sum(exponents),
    );
    stacks[k] = old.map(
      (number, i) =>
        push! * (i === 0 ? sigmoid(values[k]!) : old[i - 1]!) + pop! * (old[i + 1] ?? empty) + stay * number,
    );
  }
  return Array.from({ length: top }, (_, i) => stacks.map((stack) => stack[i]!)).flat();
}
