import {
  type AnyCell,
  type CellName,
  type CellRow,
  cellTable,
  globalGateGru,
  gru,
  gruResetAfter,
  leaky,
  lstm,
  type MachineName,
  type MachineSizes,
  machineTable,
  namedCell,
  namedMachine,
  reservoir,
  sharedGateGru,
  sigmoid,
  withDepth,
} from "longspan";

/** The cells of the library for chains, or for trees, of these sizes: what their tests go over. A cell that projects its output hands on two features. */
export function libraryCells(
  over: CellRow["over"],
  sizes: { readonly input: number; readonly hidden: number },
): (readonly [name: CellName, cell: AnyCell])[] {
  return (Object.keys(cellTable) as CellName[])
    .filter((name) => cellTable[name].over === over)
    .map((name) => [
      name,
      namedCell(name, { ...sizes, ...(cellTable[name].projects ? { projection: 2 } : {}) }),
    ]);
}

/** Cells of the library with settings that its table does not name, of these sizes: they are tested as the table's are. */
export function cellVariants(sizes: {
  readonly input: number;
  readonly hidden: number;
}): (readonly [name: string, cell: AnyCell])[] {
  const without = (gate: "inputGate" | "forgetGate" | "outputGate") => lstm({ ...sizes, [gate]: false });
  const all = { ...sizes, coupled: true, peepholes: true, projection: 2, squash: sigmoid } as const;
  return [
    ["lstm, coupled, with peepholes, a projection and a sigmoid", lstm(all)],
    ["lstm without an input gate", without("inputGate")],
    ["lstm without a forget gate", without("forgetGate")],
    ["lstm without an output gate", without("outputGate")],
    ["lstm without activations", lstm({ ...sizes, squash: (i) => i, squashOutput: (s) => s })],
    [
      "gru with deep maps",
      withDepth(gru, { ...sizes, inputLayers: 2, transitionLayers: 2, outputLayers: 1 }),
    ],
    ["gru with a sigmoid", gru({ ...sizes, squash: sigmoid })],
    ["gruResetAfter with a sigmoid", gruResetAfter({ ...sizes, squash: sigmoid })],
    ["sharedGateGru of a group per unit", sharedGateGru({ ...sizes, groups: sizes.hidden })],
    ["a leaky LSTM", leaky(lstm(sizes), { slots: ["h"] }) as unknown as AnyCell],
    ["reservoir", reservoir({ ...sizes, nonZeros: 2, leak: 0.6, bias: 0.3 })],
    ["a ring as a reservoir", reservoir({ ...sizes, wiring: "ring", radius: 1.2 })],
    ["globalGateGru of a group per unit", globalGateGru({ ...sizes, groups: sizes.hidden })],
  ];
}

/** The library's cells with a memory, of these sizes: what their tests go over. */
export function libraryMachines(sizes: MachineSizes): (readonly [name: MachineName, cell: AnyCell])[] {
  return (Object.keys(machineTable) as MachineName[]).map((name) => [name, namedMachine(name, sizes)]);
}
