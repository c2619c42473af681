import {
  add,
  bidirectional,
  type Cell,
  chain,
  defineCell,
  differentiableNeuralComputer,
  glorot,
  gru,
  lstm,
  matmul,
  mul,
  neg,
  recurrent,
  rnn,
  sequenceModel,
  softmax,
  softplus,
  square,
  stacked,
  tanh,
  type Value,
} from "longspan";
import { describe, expect, it } from "vitest";
import type { Diagram } from "../../src/draw/diagram.js";
import { variablesOf, withoutLoneReads } from "../../src/draw/trimmed.js";
import { unitsOf } from "../../src/draw/units.js";
import { wiringOfCell } from "../../src/draw/wiring-of-cell.js";
import { argumentsOf, wiringOfModel } from "../../src/draw/wiring-of-model.js";

type AnyCell = { readonly trace: Cell["trace"] };
const allUnits = (cell: AnyCell) => unitsOf(wiringOfCell(cell.trace("float32")));
const units = (cell: AnyCell) => withoutLoneReads(allUnits(cell));
const variables = (cell: AnyCell) => withoutLoneReads(variablesOf(allUnits(cell)));
const ofModel = (model: Parameters<typeof argumentsOf>[0]) =>
  withoutLoneReads(unitsOf(wiringOfModel(model, argumentsOf(model, chain([3])))));

/** Each arrow in words, such as `x -U-> tanh h`; a delayed one with `=`. */
function arrows({ nodes, edges }: Diagram): string[] {
  const name = (i: number) => [nodes[i]!.symbol || "from", ...nodes[i]!.names].join(" ");
  return edges
    .map(
      ({ from, to, label, delay }) =>
        `${name(from)} ${delay ? `=${label}=>` : label === "" ? "->" : `-${label}->`} ${name(to)}`,
    )
    .sort();
}

/** Symbols with how often each occurs. */
function symbols({ nodes }: Diagram): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { symbol, kind } of nodes)
    if (kind === "unit" || kind === "operation") counts[symbol] = (counts[symbol] ?? 0) + 1;
  return counts;
}

/** A cell of one function, x being what it is applied to. */
const applying = (f: (x: Value) => Value) =>
  defineCell({
    name: "applying",
    inputs: () => ({ x: [4] }),
    state: () => ({ h: [4] }),
    params: () => ({ W: glorot(4, 4) }),
    step: ({ x, h }, { W }) => {
      const next = tanh(add(matmul(h, W), f(x)));
      return { state: { h: next }, output: next };
    },
  })(undefined);

describe("the units of a cell", () => {
  it("of an RNN are those of figure 10.3", () => {
    expect(arrows(units(rnn({ input: 3, hidden: 4 })))).toEqual([
      "tanh h -> output",
      "tanh h =W=> tanh h",
      "x -U-> tanh h",
    ]);
  });

  it("of an LSTM are those of figure 10.16: three gates, the input, and a self-loop that a gate multiplies", () => {
    const diagram = units(lstm({ input: 3, hidden: 4 }));
    expect(symbols(diagram)).toEqual({ σ: 3, tanh: 2, "×": 3, "+": 1 });
    const lines = arrows(diagram);
    expect(lines.filter((a) => a.startsWith("x -U->"))).toHaveLength(4);
    expect(lines.filter((a) => a.startsWith("from -W->"))).toHaveLength(4);
    expect(lines.filter((a) => a.includes("="))).toEqual(["+ s ==> ×", "× h ==> from"]);
    expect(lines).toContain("+ s -> tanh");
    expect(lines).toContain("tanh -> × h");
  });

  it("of a GRU are two gates and a target, which sees what the reset gate leaves", () => {
    const diagram = units(gru({ input: 3, hidden: 4 }));
    expect(symbols(diagram)).toEqual({ σ: 2, tanh: 1, "×": 3, "+": 1, "1 −": 1 });
    expect(arrows(diagram)).toContain("× -Wtarget-> tanh");
  });

  it("are functions of several operations that have a name", () => {
    for (const [name, f] of [
      ["softplus", softplus],
      ["x²", square],
      ["softmax", softmax],
      ["silu", (x: Value) => mul(x, sigmoidOf(x))],
    ] as const)
      expect(symbols(units(applying(f))), name).toEqual({ [name]: 1, tanh: 1 });
  });

  it("name functions side by side", () => {
    expect(symbols(units(applying((x) => add(softplus(x), neg(square(x))))))).toEqual({
      softplus: 1,
      "x²": 1,
      tanh: 1,
    });
  });

  it("write a factor on the arrow, and leave a bias out", () => {
    expect(arrows(units(applying((x) => add(mul(x, 0.5), 3))))).toContain("x -0.5-> tanh h");
  });
});

function sigmoidOf(x: Value): Value {
  // As an author may write it: (1 + tanh(x / 2)) / 2.
  return mul(add(tanh(mul(x, 0.5)), 1), 0.5);
}

describe("the variables of a cell", () => {
  it("of an LSTM are x, s and h", () => {
    expect(arrows(variables(lstm({ input: 3, hidden: 4 })))).toEqual([
      "from -W-> h",
      "from -W-> s",
      "h -> output",
      "h ==> from",
      "s -> h",
      "s ==> s",
      "x -U-> h",
      "x -U-> s",
    ]);
  });

  it("of a machine are its states, however many units it has", () => {
    const machine = differentiableNeuralComputer(lstm, { input: 3, hidden: 5, rows: 6, width: 3 });
    expect(units(machine).nodes.length).toBeGreaterThan(60);
    const { nodes } = variables(machine);
    expect(
      nodes
        .filter((n) => n.isState)
        .map((n) => n.symbol)
        .sort(),
    ).toEqual(
      ["h", "links", "memory", "precedence", "read", "readWeights", "s", "usage", "writeWeights"].sort(),
    );
  });
});

describe("the units of a model", () => {
  it("go through its layers", () => {
    const model = sequenceModel({
      layer: stacked([recurrent(rnn({ input: 3, hidden: 4 })), recurrent(rnn({ input: 4, hidden: 4 }))]),
      features: 4,
      output: 2,
    });
    expect(arrows(ofModel(model))).toEqual([
      "tanh h₁ -U₂-> tanh h₂",
      "tanh h₁ =W₁=> tanh h₁",
      "tanh h₂ -W₃-> output",
      "tanh h₂ =W₂=> tanh h₂",
      "x -U₁-> tanh h₁",
    ]);
  });

  it("are those of both directions", () => {
    const net = bidirectional(rnn({ input: 3, hidden: 4 }), rnn({ input: 3, hidden: 4 }));
    const model = sequenceModel({ layer: net, features: 8, output: 2 });
    expect(arrows(ofModel(model))).toEqual([
      "tanh h₁ -W₃-> output",
      "tanh h₁ =W₁=> tanh h₁",
      "tanh h₂ -W₃-> output",
      "tanh h₂ =W₂=> tanh h₂",
      "x -U₁-> tanh h₁",
      "x -U₂-> tanh h₂",
    ]);
  });
});
