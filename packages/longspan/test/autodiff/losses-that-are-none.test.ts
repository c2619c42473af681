import {
  adam,
  chain,
  checkDerivatives,
  curvatureByLag,
  flowPenalty,
  flowReport,
  gaussNewton,
  grad,
  hessianVectorProduct,
  jvp,
  Key,
  linearize,
  mul,
  onCpu,
  ones,
  rnn,
  startTraining,
  sum,
  type Task,
  type Traceable,
  tensor,
  train,
  unfold,
  type Value,
  valueAndGrad,
  valueAndGradPerExample,
  valueGradAndAux,
  vjp,
} from "longspan";
import { describe, expect, test } from "vitest";

/** What a user's function gives by mistake, and how the message calls it. */
const wrong: Readonly<Record<string, { given: (x: Value) => unknown; told: string }>> = {
  "a promise": {
    given: async (x: Value) => {
      await Promise.resolve();
      return sum(x);
    },
    told: "the function returned a promise; it is recorded as it runs, so it cannot be async: await what it needs before, and pass that in",
  },
  "a number": {
    given: (x) => x.size,
    told: "the function returned the number 2, which has no derivative: return what ops such as sum() and mean() give, not what item() reads",
  },
  nothing: { given: () => undefined, told: "the function returned nothing; is a return missing?" },
  "a record": {
    given: (x) => ({ loss: sum(x) }),
    told: "the function returned a record with loss; return the value itself",
  },
  "a list": { given: (x) => [sum(x)], told: "the function returned a list; return the value itself" },
  "a text": { given: () => "1", told: 'the function returned "1", not a value' },
};

type Loss = (x: Value) => Value;
const x = tensor([1, 2], "float64");
const cell = rnn({ input: 2, hidden: 2 });
const params = cell.init(Key.of(1), "float64");
const run = (p: Traceable<typeof params>): Value =>
  unfold(cell, p, { x: ones([4, 2], "float64") }, chain([4])).final.h;

/** Every function that takes a loss. */
const takers: Readonly<Record<string, (f: Loss) => unknown>> = {
  grad: (f) => grad(f)(x),
  valueAndGrad: (f) => valueAndGrad(f)(x),
  hessianVectorProduct: (f) => hessianVectorProduct(f)(x, x),
  checkDerivatives: (f) => checkDerivatives(f, x),
  gaussNewton: (f) => gaussNewton(f, x),
  valueAndGradPerExample: (f) => valueAndGradPerExample(f)(x),
  flowReport: (f) => flowReport((p) => f(run(p)), params),
  curvatureByLag: (f) => curvatureByLag((p) => f(run(p)), params),
};

describe.each(Object.keys(takers))("%s", (name) => {
  // What checkDerivatives takes goes to grad first.
  const calls = name === "checkDerivatives" ? "grad" : name;
  test.each(Object.keys(wrong))("says what is wrong with %s", async (kind) => {
    const { given, told } = wrong[kind]!;
    // gaussNewton takes a record: of a loss and of values beside it.
    const expected =
      name === "gaussNewton" && kind === "a record"
        ? "the function must return a loss, or { loss, beside }, got a record with loss"
        : told;
    const thrown = await caught(() => takers[name]!(given as Loss));
    expect(`${thrown.name}: ${thrown.message}`).toBe(`TypeError: ${calls}: ${expected}`);
  });
});

async function caught(f: () => unknown): Promise<Error> {
  try {
    await f();
  } catch (error) {
    return error as Error;
  }
  throw new Error("nothing was thrown");
}

describe("functions that give a loss among other things", () => {
  test.each(["a promise", "a number", "nothing", "a text"])("%s in place of the record", (kind) => {
    const given = wrong[kind]!.given as never;
    const got = kind === "a number" ? "the number 2" : kind === "a text" ? '"1"' : kind;
    const told =
      kind === "a promise" ? wrong[kind]!.told : `the function must return { loss, aux }, got ${got}`;
    expect(() => valueGradAndAux(given)(x)).toThrow(`valueGradAndAux: ${told}`);
    expect(() => flowPenalty(given, x)).toThrow(`flowPenalty: ${told}`);
  });
  test("the value itself, or a loss that is none", () => {
    for (const [name, f] of [
      ["valueGradAndAux", (g: unknown) => valueGradAndAux(g as never)(x)],
      ["flowPenalty", (g: unknown) => flowPenalty(g as never, x)],
    ] as const) {
      expect(() => f((v: Value) => sum(v))).toThrow(
        `${name}: the function must return { loss, aux }, got a value float64 []`,
      );
      expect(() => f(() => ({ loss: 3, aux: null }))).toThrow(
        `${name}: the function returned the number 3, which has no derivative`,
      );
      expect(() => f((v: Value) => ({ loss: v, aux: null }))).toThrow(
        `${name}: the function must return one number, got [2]; use sum() or mean()`,
      );
    }
  });
  test("the loss of a task", async () => {
    const optimiser = adam({ learningRate: 0.1 });
    const attempt = async (loss: unknown) => {
      const task = {
        batch: () => ({}),
        predictions: () => 1,
        carriedAtStart: () => ({}),
        loss,
      } as Task<{ w: typeof x }, object, object>;
      const start = startTraining(task, optimiser, { w: tensor([1, 2]) });
      return (await caught(() => train(task, start, { optimiser, budget: { steps: 1 }, key: Key.of(1) })))
        .message;
    };
    expect(await attempt(({ w }: { w: Value }) => sum(w))).toBe(
      "train: the loss of the task must return { loss, carried }, got a value float32 []",
    );
    expect(await attempt(async ({ w }: { w: Value }) => ({ loss: sum(w), carried: {} }))).toBe(
      `train: the loss of the task${wrong["a promise"]!.told.slice("the function".length)}`,
    );
    expect(await attempt(() => ({ loss: 0.5, carried: {} }))).toBe(
      "train: the loss of the task returned the number 0.5, which has no derivative: return what ops such as sum() and mean() give, not what item() reads",
    );
    expect(await attempt(({ w }: { w: Value }) => ({ loss: w, carried: {} }))).toBe(
      "train: the loss of the task must return one number, got [2]; use sum() or mean()",
    );
  });
});

test("more than one number: what to do, by the name of who asks", () => {
  const told = "the function must return one number, got [2]; use sum() or mean()";
  for (const name of ["grad", "valueAndGrad", "hessianVectorProduct", "gaussNewton"])
    expect(() => takers[name]!((v) => mul(v, 2))).toThrow(`${name}: ${told}`);
});

describe("functions of any form", () => {
  const forms = {
    jvp: (f: never) => jvp(f)(x as never, x as never),
    linearize: (f: never) => linearize(f, x as never),
    vjp: (f: never) => vjp(f, x as never),
  };
  test.each(Object.keys(forms))("%s takes a tree of values, and nothing else", (name) => {
    const call = forms[name as keyof typeof forms];
    expect(() => call(wrong["a promise"]!.given as never)).toThrow(`${name}: ${wrong["a promise"]!.told}`);
    expect(() => call(wrong["a number"]!.given as never)).toThrow(
      `${name}: the function must return a value, or a tree of values, got the number 2`,
    );
    expect(() => call((() => undefined) as never)).toThrow("or a tree of values, got nothing");
    call(((v: Value) => [v]) as never);
  });
});

test("a promise that is refused is not left to fail on its own", async () => {
  const unhandled: unknown[] = [];
  const listen = (reason: unknown) => unhandled.push(reason);
  process.on("unhandledRejection", listen);
  const late = async (v: Value) => {
    await Promise.resolve();
    throw new Error(`of ${v.size}`);
  };
  expect(() => grad(late as never)(x)).toThrow("it cannot be async");
  await new Promise((done) => setTimeout(done, 20));
  process.off("unhandledRejection", listen);
  expect(unhandled).toEqual([]);
  expect(onCpu(x).toArray()).toEqual(Float64Array.of(1, 2));
});
