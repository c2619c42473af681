import {
  add,
  type Cell,
  defineCell,
  glorot,
  matmul,
  mul,
  orthogonal,
  type ParamSpec,
  type Shape,
  split,
  sub,
  type Value,
  zerosInit,
} from "longspan";

// The cells of Keras with gates that are squashed by something other than a sigmoid, which the library's cells do not have. Their
// parameters are those of the library's cells.

/** Sizes, and what squashes the gates and the rest. */
export interface OwnCellConfig {
  readonly input: number;
  readonly hidden: number;
  readonly squash: (x: Value) => Value;
  readonly gate: (x: Value) => Value;
}

type Sizes = Pick<OwnCellConfig, "input" | "hidden">;

/** `lstm`, with any function for its gates. */
export function ownLstm({
  squash,
  gate,
  ...sizes
}: OwnCellConfig): Cell<{ x: Shape }, { h: Shape; s: Shape }> {
  return defineCell({
    name: "kerasLstm",
    inputs: ({ input }: Sizes): { x: Shape } => ({ x: [input] }),
    state: ({ hidden }): { h: Shape; s: Shape } => ({ h: [hidden], s: [hidden] }),
    params: affine(4),
    step({ x, h, s }, { U, W, b }) {
      const [f, g, i, q] = split(add(add(matmul(x, U!), b!), matmul(h, W!)), 4);
      const kept = add(mul(gate(f!), s), mul(gate(g!), squash(i!)));
      const read = mul(squash(kept), gate(q!));
      return { state: { h: read, s: kept }, output: read };
    },
  })(sizes) as unknown as Cell<{ x: Shape }, { h: Shape; s: Shape }>;
}

/** `gruResetAfter`, with any function for its gates. */
export function ownGruResetAfter({
  squash,
  gate,
  ...sizes
}: OwnCellConfig): Cell<{ x: Shape }, { h: Shape }> {
  return defineCell({
    name: "kerasGruResetAfter",
    inputs: ({ input }: Sizes): { x: Shape } => ({ x: [input] }),
    state: ({ hidden }): { h: Shape } => ({ h: [hidden] }),
    params: (of): Specs => ({ ...affine(3)(of), c: zerosInit(of.hidden) }),
    step({ x, h }, { U, W, b, c }) {
      const [xu, xr, xt] = split(add(matmul(x, U!), b!), 3);
      const [hu, hr, ht] = split(matmul(h, W!), 3);
      const u = gate(add(xu!, hu!));
      const target = squash(add(xt!, mul(gate(add(xr!, hr!)), add(ht!, c!))));
      const next = add(mul(u, h), mul(sub(1, u), target));
      return { state: { h: next }, output: next };
    },
  })(sizes) as unknown as Cell<{ x: Shape }, { h: Shape }>;
}

/** `gru`, with any function for its gates. */
export function ownGru({ squash, gate, ...sizes }: OwnCellConfig): Cell<{ x: Shape }, { h: Shape }> {
  return defineCell({
    name: "kerasGru",
    inputs: ({ input }: Sizes): { x: Shape } => ({ x: [input] }),
    state: ({ hidden }): { h: Shape } => ({ h: [hidden] }),
    params: ({ input, hidden }): Specs => ({
      U: glorot(input, hidden, { gates: 3 }),
      W: orthogonal(hidden, hidden, { gates: 2 }),
      Wtarget: orthogonal(hidden, hidden),
      b: zerosInit(3 * hidden),
    }),
    step({ x, h }, { U, W, Wtarget, b }) {
      const [xu, xr, xt] = split(add(matmul(x, U!), b!), 3);
      const [hu, hr] = split(matmul(h, W!), 2);
      const u = gate(add(xu!, hu!));
      const target = squash(add(xt!, matmul(mul(gate(add(xr!, hr!)), h), Wtarget!)));
      const next = add(mul(u, h), mul(sub(1, u), target));
      return { state: { h: next }, output: next };
    },
  })(sizes) as unknown as Cell<{ x: Shape }, { h: Shape }>;
}

/** `rnn`, with any activation. */
export function ownRnn({ squash, input, hidden }: OwnCellConfig): Cell<{ x: Shape }, { h: Shape }> {
  return defineCell({
    name: "kerasSimpleRnn",
    inputs: (of: Sizes): { x: Shape } => ({ x: [of.input] }),
    state: (of): { h: Shape } => ({ h: [of.hidden] }),
    params: affine(1),
    step({ x, h }, { U, W, b }) {
      const next = squash(add(add(matmul(x, U!), b!), matmul(h, W!)));
      return { state: { h: next }, output: next };
    },
  })({ input, hidden }) as unknown as Cell<{ x: Shape }, { h: Shape }>;
}

type Specs = Readonly<Record<string, ParamSpec>>;

/** U, W and b of so many parts side by side. */
function affine(gates: number): (sizes: Sizes) => Specs {
  return ({ input, hidden }) => ({
    U: glorot(input, hidden, { gates }),
    W: orthogonal(hidden, hidden, { gates }),
    b: zerosInit(gates * hidden),
  });
}
