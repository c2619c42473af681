import {
  bidirectional,
  binaryTreeLstm,
  chain,
  childSumTreeLstm,
  clockwork,
  convolution,
  delayedRnn,
  embedding,
  encoderDecoder,
  graph,
  grid,
  lstm,
  multidimensionalLstm,
  recurrent,
  rnn,
  type Structure,
  sequenceModel,
  stacked,
  tensor,
  trees,
} from "longspan";
import { describe, expect, it } from "vitest";
import { copiedEdges, withoutReads } from "../../src/draw/copies.js";
import type { Layout } from "../../src/draw/layout.js";
import { variablesOf } from "../../src/draw/trimmed.js";
import { unfolded } from "../../src/draw/unfolded.js";
import { unitsOf } from "../../src/draw/units.js";
import type { Wiring } from "../../src/draw/wiring.js";
import { wiringOfCell } from "../../src/draw/wiring-of-cell.js";
import { argumentsOf, wiringOfModel } from "../../src/draw/wiring-of-model.js";

const variables = (wiring: Wiring) => withoutReads(variablesOf(unitsOf(wiring)));
function drawn(wiring: Wiring, structures: readonly Structure[] = wiring.structures): Layout {
  return unfolded(variables(wiring), structures, true);
}

/** Each arrow by what it joins. */
const joins = ({ nodes, edges }: Layout) =>
  edges
    .map(
      ({ from, to, label }) =>
        `${nodes[from]!.symbol} ${label === "" ? "" : `${label} `}${nodes[to]!.symbol}`,
    )
    .sort();

describe("an unfolded cell", () => {
  it("has a node per variable and step, and the weights on every arrow", () => {
    const cell = rnn({ input: 3, hidden: 4 });
    expect(joins(drawn(wiringOfCell(cell.trace("float32")), [chain([3])]))).toEqual(
      [
        "h⁽¹⁾ W h⁽²⁾",
        "h⁽¹⁾ output⁽¹⁾",
        "h⁽²⁾ W h⁽³⁾",
        "h⁽²⁾ output⁽²⁾",
        "h⁽³⁾ output⁽³⁾",
        "x⁽¹⁾ U h⁽¹⁾",
        "x⁽²⁾ U h⁽²⁾",
        "x⁽³⁾ U h⁽³⁾",
      ].sort(),
    );
  });

  it("has its steps from left to right and the sequences of a batch below each other", () => {
    const { nodes } = drawn(wiringOfCell(rnn({ input: 3, hidden: 4 }).trace("float32")), [chain([2, 3])]);
    const states = nodes.filter((n) => n.isState);
    expect(states.map((n) => n.symbol).sort()).toEqual(["h⁽¹⁾", "h⁽¹⁾", "h⁽²⁾", "h⁽²⁾", "h⁽³⁾"].sort());
    expect(new Set(states.map((n) => n.y)).size).toBe(2);
    const [first, second, third] = ["h⁽¹⁾", "h⁽²⁾", "h⁽³⁾"].map((s) => states.find((n) => n.symbol === s)!.x);
    expect(second! - first!).toBeCloseTo(third! - second!, 10);
    expect(second).toBeGreaterThan(first!);
  });

  it("follows the edges of a tree, through the port of each child", () => {
    const tree = { children: [[1, 2], [3, 4], [], [], []] };
    const cell = binaryTreeLstm({ input: 3, hidden: 4 });
    const laidOut = drawn(wiringOfCell(cell.trace("float32")), [trees([tree], { ports: ["left", "right"] })]);
    expect(joins(laidOut).filter((a) => a.startsWith("h"))).toEqual([
      "h, s₀ output₀",
      "h, s₁ Wleft h, s₀",
      "h, s₂ Wright h, s₀",
      "h, s₃ Wleft h, s₁",
      "h, s₄ Wright h, s₁",
    ]);
    const at = (symbol: string) => laidOut.nodes.find((n) => n.symbol === symbol)!;
    expect(at("h, s₁").x).toBeLessThan(at("h, s₂").x);
    expect(at("h, s₃").x).toBeLessThan(at("h, s₄").x);
    expect(at("h, s₀").y).toBeLessThan(at("h, s₁").y);
  });

  it("follows the edges of a graph, and of trees in a batch", () => {
    const cell = childSumTreeLstm({ input: 3, hidden: 4 });
    const wiring = wiringOfCell(cell.trace("float32"));
    const diamond = graph([
      {
        nodes: 4,
        edges: [
          { from: 0, to: 1 },
          { from: 0, to: 2 },
          { from: 1, to: 3 },
          { from: 2, to: 3 },
        ],
        finals: [3],
      },
    ]);
    expect(joins(drawn(wiring, [diamond])).filter((a) => a.startsWith("h") && !a.includes("output"))).toEqual(
      ["h, s₀ h, s₁", "h, s₀ h, s₂", "h, s₁ h, s₃", "h, s₂ h, s₃"],
    );
    const forest = trees([{ children: [[1], []] }, { children: [[1, 2], [], []] }]);
    const edges = copiedEdges(variables(wiring), [forest]).filter(({ edge }) => edge.delay?.slot === "s");
    expect(edges).toHaveLength(3);
  });
});

describe("an unfolded model", () => {
  it("runs both ways where it is bidirectional (figure 10.11)", () => {
    const net = bidirectional(rnn({ input: 3, hidden: 4 }), rnn({ input: 3, hidden: 4 }));
    const model = sequenceModel({ layer: net, features: 8, output: 2 });
    const lines = joins(drawn(wiringOfModel(model, argumentsOf(model, chain([3])))));
    expect(lines.filter((a) => a.includes("W₁"))).toEqual(["h₁⁽¹⁾ W₁ h₁⁽²⁾", "h₁⁽²⁾ W₁ h₁⁽³⁾"].sort());
    expect(lines.filter((a) => a.includes("W₂"))).toEqual(["h₂⁽²⁾ W₂ h₂⁽¹⁾", "h₂⁽³⁾ W₂ h₂⁽²⁾"].sort());
    expect(lines.filter((a) => a.includes("output"))).toHaveLength(6);
  });

  it("has a row per layer where it is deep (figure 10.13)", () => {
    const net = stacked([recurrent(lstm({ input: 3, hidden: 4 })), recurrent(rnn({ input: 4, hidden: 4 }))]);
    const lines = joins(drawn(wiringOfModel(net, argumentsOf(net, chain([2])))));
    expect(lines).toContain("h₁⁽¹⁾ U₂ h₂⁽¹⁾");
    expect(lines).toContain("s⁽¹⁾ s⁽²⁾");
    expect(lines.some((a) => a.startsWith("h₁⁽¹⁾") && a.endsWith("h₂⁽²⁾"))).toBe(false);
  });

  it("has the nodes of a grid in rows and columns", () => {
    const cell = multidimensionalLstm({ input: 3, hidden: 4 });
    const laid = drawn(wiringOfCell(cell.trace("float32")), [grid([[2, 3]])]);
    const at = (i: number, j: number) =>
      laid.nodes.find((n) => n.symbol === `h, s⁽${"¹²³"[i]}˒${"¹²³"[j]}⁾`)!;
    for (const [i, j] of [
      [0, 1],
      [1, 0],
      [1, 2],
    ] as const) {
      expect(at(i, j).y).toBe(at(i, 0).y);
      expect(at(i, j).x).toBe(at(0, j).x);
    }
    expect(at(0, 1).x).toBeGreaterThan(at(0, 0).x);
    expect(at(1, 0).y).toBeGreaterThan(at(0, 0).y);
    expect(joins(laid).filter((a) => a.startsWith("h, s") && !a.includes("output"))).toHaveLength(7);
  });

  it("updates a slow group when its clock ticks, in the columns of its steps", () => {
    const groups = [
      { units: 4, period: 1 },
      { units: 2, period: 2 },
    ];
    const net = clockwork(rnn, { input: 3, groups });
    const laid = drawn(wiringOfModel(net, argumentsOf(net, chain([4]))));
    const slow = joins(laid).filter((a) => a.startsWith("h₁") && a.includes("h₁", 2));
    expect(slow).toEqual(["h₁⁽¹⁾ W₂ h₁⁽³⁾"]);
    const states = (layer: string) => laid.nodes.filter((n) => n.isState && n.symbol.startsWith(layer));
    const [first, third] = states("h₁");
    const fast = states("h₂");
    expect(third!.x - first!.x).toBeCloseTo(fast[2]!.x - fast[0]!.x, 6);
    // What the slow group has stays for the fast one until it is updated again.
    expect(joins(laid).filter((a) => a.startsWith("h₁⁽¹⁾ U₁ h₂"))).toHaveLength(2);
  });

  it("has the reach of a convolution", () => {
    const layer = convolution({ input: 3, output: 4, width: 2, dilation: 2 });
    const lines = joins(drawn(wiringOfModel(layer, argumentsOf(layer, chain([4])))));
    const pairs = [
      [1, 1],
      [1, 3],
      [2, 2],
      [2, 4],
      [3, 3],
      [4, 4],
    ];
    expect(lines).toEqual(pairs.map(([s, t]) => `x⁽${"¹²³⁴"[s! - 1]}⁾ W output⁽${"¹²³⁴"[t! - 1]}⁾`).sort());
  });

  it("has an arrow for each delay, over what lies between", () => {
    const net = delayedRnn({ input: 3, groups: [{ units: 4, delays: [1, 3] }] });
    const lines = joins(drawn(wiringOfModel(net, argumentsOf(net, chain([4])))));
    expect(lines.filter((a) => a.includes("d3"))).toEqual(["h⁽¹⁾ d3 h⁽⁴⁾"]);
    expect(lines.filter((a) => a.includes("d1"))).toHaveLength(3);
  });

  const embedded = embedding({ vocabulary: 5, features: 3 });
  const encoder = stacked([embedded, recurrent(rnn({ input: 3, hidden: 4 }))]);
  const shared = { encoder, cell: rnn, hidden: 6, reads: embedded, output: 5 };
  const source = { x: tensor([1, 2, 3], "int32"), structure: chain([3]) };
  const target = { x: tensor([0, 0], "int32"), structure: chain([2]) };

  it("goes from the last state of an encoder to the first of a decoder (figure 10.12)", () => {
    const lines = joins(
      drawn(wiringOfModel(encoderDecoder({ ...shared, context: { features: 4 } }), [source, target])),
    );
    const between = lines.filter((a) => /^h₁/.test(a) && / h₂/.test(a));
    expect(between).toEqual(["h₁⁽³⁾ W₂ W₃ h₂⁽¹⁾"]);
  });

  it("looks at every member of a set where it attends", async () => {
    const { additiveAddressing } = await import("longspan");
    const model = encoderDecoder({ ...shared, attention: { addressing: additiveAddressing({ size: 4 }) } });
    const lines = joins(drawn(wiringOfModel(model, [source, target])));
    for (const t of ["¹", "²"])
      for (const s of ["¹", "²", "³"])
        expect(
          lines.some((a) => a.startsWith(`h₁⁽${s}⁾`) && a.endsWith(`h₂⁽${t}⁾`)),
          `${s} ${t}`,
        ).toBe(true);
  });
});
