// Makes the drawings of the documentation, docs/images/drawings/, and the page of all cells, docs/cells.md, from the library: `npm run docs:drawings`.
// Drawings follow from the equations, so a new cell has its picture as soon as this has run. tests/drawings.test.ts says whether it has.
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

export const folder = new URL("../docs/images/drawings/", import.meta.url);
export const cellsPage = new URL("../docs/cells.md", import.meta.url);

const sizes = { input: 3, hidden: 4 };

/**
 * The figures of chapter 10 that are computational graphs, by the names of their files.
 * @param longspan the library
 */
export function figures(longspan) {
  const {
    additiveAddressing,
    bidirectional,
    categoricalOutput,
    chain,
    childSumTreeLstm,
    clockwork,
    convolution,
    crossEntropyPerRow,
    defineCell,
    delayedRnn,
    draw,
    drawPowers,
    drawUnfolded,
    embedding,
    encoderDecoder,
    fedBack,
    glorot,
    graph,
    grid,
    linear,
    lstm,
    matmul,
    multidimensionalLstm,
    neuralTuringMachine,
    add,
    outputToHidden,
    recurrent,
    rnn,
    sequenceModel,
    stacked,
    tanh,
    teacherForcing,
    tensor,
    trees,
    withDepth,
    zeros,
  } = longspan;
  const steps = 3;
  const over = chain([steps]);
  const net = rnn(sizes);
  const system = defineCell({
    name: "system",
    inputs: () => ({}),
    state: () => ({ s: [4] }),
    params: () => ({ theta: glorot(4, 4) }),
    step({ s }, { theta }) {
      const next = tanh(matmul(s, theta));
      return { state: { s: next }, output: next };
    },
  })(undefined);
  const labels = () => zeros([steps], "int32");
  /** A net with its loss: o(t) and L(t) of every step. */
  const withLoss = (of) => ({
    init: (key) => of.init(key),
    apply(params, x, structure, y) {
      const { output: o } = of.apply(params, x, structure);
      return { output: { o, L: crossEntropyPerRow(o, y) } };
    },
  });
  const lossOf = (of) => [withLoss(of), { arguments: [zeros([steps, 3]), over, { y: labels() }] }];
  const named = (model) => ({
    ...model,
    apply: (params, x, structure, { y }) => model.apply(params, x, structure, y),
  });
  const both = (name, of, over = chain([steps]), options = {}) => ({
    [`${name}-circuit`]: () => draw(of, { title: `Figure ${name.replace("-", ".")}, circuit`, ...options }),
    [`${name}-unfolded`]: () =>
      drawUnfolded(of, over, { title: `Figure ${name.replace("-", ".")}, unfolded` }),
  });
  const model = (layer, features = 4) => sequenceModel({ layer, features, output: 2 });
  const losing = (of) => {
    const [made, options] = lossOf(of);
    return [named(made), options.arguments];
  };
  const [standard, given] = losing(model(recurrent(net)));
  const output = categoricalOutput({ classes: 5 });
  const readout = linear({ input: 4, output: 2 });
  const last = {
    init: (key) => ({ layer: recurrent(net).init(key.fold(0)), readout: readout.init(key.fold(1)) }),
    apply: (params, x, structure) => ({
      output: readout.apply(params.readout, recurrent(net).apply(params.layer, x, structure).final.h),
    }),
  };
  const fromOutput = defineCell({
    name: "fromOutput",
    inputs: () => ({ x: [3] }),
    state: () => ({ o: [2] }),
    params: () => ({ U: glorot(3, 4), W: glorot(2, 4), V: glorot(4, 2) }),
    step({ x, o }, { U, W, V }) {
      const next = matmul(tanh(add(matmul(x, U), matmul(o, W))), V);
      return { state: { o: next }, output: next };
    },
  })(undefined);
  const conditioned = defineCell({
    name: "conditioned",
    inputs: () => ({ y: [3] }),
    sequenceInputs: () => ({ x: [5] }),
    state: () => ({ h: [4] }),
    params: () => ({ W: glorot(4, 4), U: glorot(3, 4), R: glorot(5, 4), V: glorot(4, 2) }),
    step({ y, x, h }, { W, U, R, V }) {
      const next = tanh(add(add(matmul(h, W), matmul(y, U)), matmul(x, R)));
      return { state: { h: next }, output: matmul(next, V) };
    },
  })(undefined);
  const symbols = (n) => tensor(Array(n).fill(0), "int32");
  const source = { x: symbols(3), structure: chain([3]) };
  const target = { y: symbols(2), structure: chain([2]) };
  const sequenceToSequence = (options) => {
    const made = encoderDecoder({
      encoder: stacked([embedding({ vocabulary: 5, features: 3 }), recurrent(net)]),
      cell: rnn,
      hidden: 6,
      reads: embedding({ vocabulary: 7, features: 3 }),
      output: 7,
      ...options,
    });
    return {
      init: (key) => made.init(key),
      apply: (params, from, { y, structure }) => made.apply(params, from, { x: y, structure }),
    };
  };
  const pair = [source, target];
  const twoLayers = [recurrent(net), recurrent(rnn({ input: 4, hidden: 4 }))];
  const skipping = [recurrent(net), recurrent(rnn({ input: 7, hidden: 4 }))];
  const shared = {
    nodes: 4,
    edges: [
      [0, 1],
      [0, 2],
      [1, 3],
      [2, 3],
    ].map(([from, to]) => ({ from, to })),
    finals: [3],
  };
  // Its spectral radius is 0.9, and the first steps stretch a state threefold.
  const growing = [0.9, 3, 0, 0.6];
  const balanced = trees([{ children: [[1, 2], [3, 4], [5, 6], [], [], [], []] }]);
  return {
    ...both("10-1", system),
    ...both("10-2", net),
    "10-3-circuit": () =>
      draw(standard, { title: "Figure 10.3, circuit", arguments: given, detail: "variables" }),
    "10-3-unfolded": () => drawUnfolded(standard, given, { title: "Figure 10.3, unfolded" }),
    ...both("10-4", fromOutput),
    "10-5-unfolded": () => drawUnfolded(last, [zeros([steps, 3]), over], { title: "Figure 10.5, unfolded" }),
    ...both("10-6", outputToHidden({ hidden: 4, context: 3, output, regime: teacherForcing() })),
    ...both("10-9", conditioned),
    ...both("10-10", fedBack({ cell: rnn({ input: 5 + 3, hidden: 4 }), output, regime: teacherForcing() })),
    ...both("10-11", model(bidirectional(net, net), 8)),
    "10-12-unfolded": () =>
      drawUnfolded(sequenceToSequence({ context: { features: 4 }, everyStep: true }), pair, {
        title: "Figure 10.12, unfolded",
      }),
    ...both("10-13a", model(stacked(twoLayers))),
    "10-13b-circuit": () =>
      draw(withDepth(rnn, { ...sizes, inputLayers: 1, transitionLayers: 1, outputLayers: 1 }), {
        title: "Figure 10.13b, circuit",
      }),
    ...both("10-13c", stacked(skipping, { skip: true })),
    "10-14-unfolded": () => drawUnfolded(net, balanced, { title: "Figure 10.14" }),
    ...both("10-16", lstm(sizes)),
    "10-16-peepholes": () =>
      draw(lstm({ ...sizes, peepholes: true }), { title: "Figure 10.16 with peepholes" }),
    "10-18-circuit": () =>
      draw(neuralTuringMachine(lstm, { ...sizes, rows: 6, width: 3 }), { title: "Figure 10.18, circuit" }),
    "10-13b-skip": () =>
      draw(withDepth(rnn, { ...sizes, inputLayers: 1, transitionLayers: 1, outputLayers: 1, skip: true }), {
        title: "Figure 10.13b with a skip connection",
      }),
    "grid-unfolded": () => drawUnfolded(multidimensionalLstm(sizes), grid([[3, 3]]), { title: "A grid" }),
    "clockwork-unfolded": () =>
      drawUnfolded(
        clockwork(rnn, {
          input: 3,
          groups: [
            { units: 4, period: 1 },
            { units: 2, period: 2 },
          ],
        }),
        chain([4]),
        { title: "A clockwork net" },
      ),
    "delays-unfolded": () =>
      drawUnfolded(delayedRnn({ input: 3, groups: [{ units: 4, delays: [1, 3] }] }), chain([6]), {
        title: "Delays of 1 and 3 steps",
      }),
    "convolution-unfolded": () =>
      drawUnfolded(convolution({ input: 3, output: 4, width: 3 }), chain([5]), {
        title: "A causal convolution",
      }),
    "graph-unfolded": () =>
      drawUnfolded(childSumTreeLstm(sizes), graph([shared]), { title: "A graph with a shared child" }),
    powers: () => drawPowers(growing, 2, { steps: 60, title: "Powers of a matrix that is not normal" }),
    "attention-unfolded": () =>
      drawUnfolded(sequenceToSequence({ attention: { addressing: additiveAddressing({ size: 4 }) } }), pair, {
        title: "Attention, unfolded",
      }),
    "attention-circuit": () =>
      draw(sequenceToSequence({ attention: { addressing: additiveAddressing({ size: 4 }) } }), {
        title: "Attention, circuit",
        arguments: pair,
      }),
  };
}

/** The circuit of every cell of the library, by the names of their files. */
export function cells({ cellTable, draw, machineTable, namedCell, namedMachine }) {
  const plain = Object.entries(cellTable).map(([name, { projects }]) => [
    name,
    () => draw(namedCell(name, { ...sizes, ...(projects ? { projection: 2 } : {}) }), { title: name }),
  ]);
  const machines = Object.keys(machineTable).map((name) => [
    name,
    () => draw(namedMachine(name, { ...sizes, rows: 6, width: 3 }), { title: name }),
  ]);
  return Object.fromEntries([...plain, ...machines]);
}

/** The page of all cells. */
export function cellsText(longspan) {
  const { cellTable, machineTable } = longspan;
  const over = (kind) => Object.keys(cellTable).filter((name) => cellTable[name].over === kind);
  const part = (heading, names, about = () => "") =>
    [
      `## ${heading}`,
      ...names.map(
        (name) => `### ${name}\n\n${about(name)}![The circuit of ${name}](images/drawings/${name}.svg)`,
      ),
    ].join("\n\n");
  return `# Cells and their circuits

<!-- Made by scripts/drawings.mjs: npm run docs:drawings -->

Every cell of the library as a circuit: what it computes at one step, from the bottom up. A black square is a delay of one step. An arrow with a
letter is a product with the weights of that name; biases are not shown. Units are yellow, states blue with their names beside them, inputs
green. Cells with more than 40 units show their variables alone.

The pictures are made by \`draw(cell)\` from the equations that the cell is traced to: [the chapter's figures](chapter.md) tells more. What a cell
computes stands in the API reference, at the function of its name; \`namedCell(name, { input, hidden })\` and \`namedMachine\` make any of them.

${part("Over chains", over("chains"))}

${part("Over trees", over("trees"))}

${part("With a memory", Object.keys(machineTable), (name) => `${machineTable[name].what[0].toUpperCase()}${machineTable[name].what.slice(1)}.\n\n`)}
`;
}

/** All files of the folder with their contents. */
export function drawings(longspan) {
  const all = { ...figures(longspan), ...cells(longspan) };
  return new Map(Object.entries(all).map(([name, make]) => [`${name}.svg`, make()]));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const made = drawings(await import("longspan"));
  mkdirSync(folder, { recursive: true });
  for (const name of readdirSync(folder)) if (!made.has(name)) rmSync(new URL(name, folder));
  writeFileSync(cellsPage, cellsText(await import("longspan")));
  for (const [name, svg] of made) writeFileSync(new URL(name, folder), svg);
  console.log(`${made.size} drawings`);
}
