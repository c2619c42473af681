import {
  answerLoss,
  copyVectors,
  fromArray,
  Key,
  type LayerMemory,
  memoryReport,
  perceptron,
  recurrent,
  sequenceModel,
  type Traceable,
  turingMemory,
  withMemory,
} from "longspan";
import { describe, expect, it } from "vitest";
import { FlowWatch } from "../../src/flow-watch.js";
import { syntheticAnswers, syntheticLoss } from "../../src/jobs/synthetic/flow.js";
import { memoryLines } from "../../src/memory-lines.js";
import { pictureSvg } from "../../src/report/flow/picture.js";
import { memoryHtml, memoryPictures, readsBack } from "../../src/report/memory/memory-html.js";
import { decadeShades, shareShades, signedShades } from "../../src/report/memory/shades.js";
import { shownRows } from "../../src/report/memory/shown-rows.js";

const problem = copyVectors({ length: 3, width: 2 });
const cell = withMemory(perceptron, {
  input: problem.input,
  hidden: 5,
  memory: turingMemory({ rows: 4, width: 3, readHeads: 2 }),
});
const model = sequenceModel({ layer: recurrent(cell), features: 11, output: 2 });
const batch = problem.sample(Key.of(1), 0, 2);
const params = model.init(Key.of(2));
const inspected = {
  run: "a <run>",
  text: "copy",
  unit: "step",
  sequences: 2,
  steps: 7,
  measure: "nats",
} as const;

/** Shares of three steps: at step 2, most was written at step 0. */
const layer = (shares: readonly number[], start: readonly number[]): LayerMemory => ({
  layer: 0,
  cell: "tape",
  rows: 2,
  width: 1,
  sequences: [
    {
      steps: 3,
      contents: new Float64Array(6),
      gradients: new Float64Array(6),
      weights: [
        {
          slot: "readWeights",
          head: 0,
          values: new Float64Array([1, 0, 0, 1, 1, 0]),
          gradients: new Float64Array(6),
        },
      ],
      path: {
        shares: Float64Array.from(shares),
        start: Float64Array.from(start),
        gradients: new Float64Array(9),
      },
    },
  ],
});

describe("a memory's page", () => {
  it("has a picture for each sequence, with the weights of every head, and loads nothing", async () => {
    const answers = syntheticAnswers(model, problem, batch);
    expect(answers.steps).toEqual([
      [4, 5, 6],
      [4, 5, 6],
    ]);
    const report = await memoryReport(answers.loss, params);
    const loss = (p: Traceable<typeof params>) =>
      answerLoss(
        problem,
        model.apply(p, fromArray(batch.x, [14, 3]), batch.structure, { rows: batch.scored }).output,
        batch,
      );
    expect(report.loss).toBe((await memoryReport(loss, params)).loss);
    const page = memoryHtml(inspected, report, answers.steps);
    expect(page).toContain("<h1>a &#60;run&#62;</h1>");
    expect(page.match(/<figure class="chart" id="memory-1-\d">/g)).toEqual([
      '<figure class="chart" id="memory-1-1">',
      '<figure class="chart" id="memory-1-2">',
    ]);
    for (const title of [
      "read weights of head 1",
      "dL/dw(i), read weights of head 2",
      "write weights",
      "dL/dM",
      "shares of what is read",
    ])
      expect(page).toContain(`>${title}</text>`);
    expect(page).not.toMatch(/<script|src=|href=|url\(|NaN|Infinity|undefined/);
    const svg = pictureSvg(memoryPictures(report.layers[0]!, answers.steps)[0]!);
    expect(svg).toMatch(/^<svg xmlns/);
    expect(memoryLines(report, answers.steps)[0]![1]).toMatch(
      /^layer 1 \(perceptron with turingMemory\), 4 rows of 3: of what is read for answers, \S+ % comes from one write in the mean, \d steps before \(median\)$/,
    );
  });

  it("says of what is read for answers how much comes from one write, and from when", () => {
    const { sequences } = layer([0, 0, 0, 0.5, 0, 0, 0.75, 0.2, 0], [1, 0.5, 0.05]);
    expect(readsBack(sequences, [[1, 2]])).toEqual({ share: 0.625, lag: 2, start: 0.275 });
    expect(readsBack(sequences, [[]])).toBeNull();
  });

  it("draws a weight of 1 as one dark cell, at its step and row", () => {
    const [{ body }] = memoryPictures(layer([0, 0, 0, 0, 0, 0, 0, 0, 0], [1, 1, 1]), [[2]]) as never as [
      { body: { source: string } },
    ];
    const dark = shareShades.colourOf(1)!;
    const cells = [
      ...body.source.matchAll(
        /<rect x="([\d.]+)" y="([\d.]+)" width="([\d.]+)" height="([\d.]+)" fill="(#\w+)"/g,
      ),
    ]
      .filter((m) => m[5] === dark && Number(m[4]) > 9)
      .map((m) => [Number(m[1]), Number(m[2])]);
    // Rows 0, 1, 0 at steps 0, 1, 2; the box is 378 wide and 64 high, from 52 and 34.
    expect(cells).toEqual([
      [52, 34],
      [304, 34],
      [178, 66],
    ]);
  });
});

describe("a large memory", () => {
  const rows = 64;
  const one = (row: number, column: number) =>
    Float64Array.from({ length: 2 * rows }, (_, k) => (k === column * rows + row ? 0.5 : 0.001));
  const sequence = (weights: Float64Array) => ({
    steps: 2,
    contents: Float64Array.from({ length: 4 * rows }, (_, k) => k),
    gradients: new Float64Array(4 * rows),
    weights: [{ slot: "readWeights", head: 0, values: weights, gradients: new Float64Array(2 * rows) }],
    path: null,
  });

  it("is shown where it is used, with a row on either side", () => {
    const shown = shownRows(sequence(one(20, 1)), rows, 2);
    expect(shown.rows).toEqual([19, 20, 21]);
    expect(Array.from(shown.sequence.contents)).toEqual([
      38, 39, 40, 41, 42, 43, 166, 167, 168, 169, 170, 171,
    ]);
    expect(Array.from(shown.sequence.weights[0]!.values)).toEqual([0.001, 0.001, 0.001, 0.001, 0.5, 0.001]);
    const [{ unit }] = memoryPictures(
      { layer: 0, cell: "tape", rows, width: 2, sequences: [sequence(one(20, 1))] },
      [],
    ) as never as [{ unit: string }];
    expect(unit).toContain("the 3 of 64 rows that are used");
  });

  it("is shown whole where it is used all over, or nowhere", () => {
    expect(shownRows(sequence(new Float64Array(2 * rows).fill(0.1)), rows, 2).rows.length).toBe(rows);
    expect(shownRows(sequence(new Float64Array(2 * rows)), rows, 2).rows.length).toBe(rows);
  });
});

describe("shades", () => {
  it("leave nothing out but what is nothing, and tell above zero from below", () => {
    expect([shareShades.colourOf(0), shareShades.colourOf(1)]).toEqual([null, "#1e123a"]);
    const signed = signedShades(2, String);
    expect([signed.colourOf(2), signed.colourOf(0), signed.colourOf(-2)]).toEqual([
      "#1e123a",
      null,
      "#421a06",
    ]);
    const log = decadeShades(1, 4, String);
    expect([log.colourOf(1e-2) === log.colourOf(1e-3), log.colourOf(1e-4), log.colourOf(1e-9)]).toEqual([
      false,
      null,
      null,
    ]);
    expect(log.colourOf(1e-2)).toBe("#548ebc");
  });
});

describe("watching in training", () => {
  it("tells over how many rows heads are spread, and the share of the contents in the gradient", async () => {
    const { layers } = await new FlowWatch(syntheticLoss(model, problem, batch)).look(params, 5);
    const { spread, share } = layers[0]!.memory!;
    expect(Object.keys(spread)).toEqual(["readWeights", "writeWeights"]);
    const weights = (
      await memoryReport(syntheticLoss(model, problem, batch), params)
    ).layers[0]!.sequences.flatMap((s) => s.weights.filter(({ slot }) => slot === "writeWeights"));
    const rows = weights.flatMap(({ values }) =>
      Array.from({ length: 7 }, (_, t) => {
        const w = Array.from(values.subarray(4 * t, 4 * t + 4));
        return Math.exp(-w.reduce((total, p) => total + (p > 0 ? p * Math.log(p) : 0), 0));
      }),
    );
    expect(spread.writeWeights).toBeCloseTo(rows.reduce((a, b) => a + b, 0) / rows.length, 5);
    expect(share).toBeGreaterThan(0);
    expect(share).toBeLessThan(1);
  });
});
