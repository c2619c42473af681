import { lstm, mingru, rnn } from "longspan";
import { compileStages, splitProducts } from "longspan/engine";
import { expect, test } from "vitest";
import { scans } from "../../src/compile/1-scans.js";
import { placeResults } from "../../src/compile/2-place-results.js";
import { hoist } from "../../src/compile/3-hoist.js";
import { fuse } from "../../src/compile/4-fuse.js";
import { assignBuffers } from "../../src/compile/5-assign-buffers.js";
import { CompileError } from "../../src/compile/compile-error.js";
import { verifyStage } from "../../src/compile/rules.js";

test("what each pass makes of a simple recurrent cell", () => {
  const { graph } = rnn({ input: 3, hidden: 4 }).trace("float32");
  const stages = compileStages(splitProducts(graph), undefined, [true]);
  expect(stages.map(({ name, text }) => `# ${name}\n${text}`).join("\n\n")).toMatchSnapshot();
});

const { graph } = lstm({ input: 3, hidden: 4 }).trace("float32");
const placed = placeResults({
  cell: splitProducts(graph),
  structure: { arrivals: ["single"], sinks: "single" },
  initials: [false, false],
  finals: [false, false],
});
const hoisted = hoist(placed);
const fused = fuse(hoisted);
const planned = assignBuffers(fused);
const remedy =
  "; this is a defect of the compiler: report it with the cell and what compileStages(cell) prints";

test("the stages of an LSTM keep the rules", () => {
  verifyStage("2-place-results", placed);
  verifyStage("3-hoist", hoisted);
  verifyStage("4-fuse", fused);
  verifyStage("5-assign-buffers", planned);
});

test("a scan whose factor reads the state breaks a rule", () => {
  const scanned = scans(splitProducts(mingru({ input: 3, hidden: 4 }).trace("float32").graph), {
    arrivals: ["single"],
    sinks: "single",
  });
  verifyStage("1-scans", scanned);
  const { cell } = scanned;
  const equations = cell.equations.map((eq) =>
    eq.op.name === "scan" ? { ...eq, inputs: [cell.stateIn[0]![0]!, ...eq.inputs.slice(1)] } : eq,
  );
  expect(() => verifyStage("1-scans", { ...scanned, cell: { ...cell, equations } })).toThrow(
    `cell mingru: after 1-scans: not so: what a scan multiplies the state with depends on no state (scan)${remedy}`,
  );
});

test("a result that goes to two places breaks a rule", () => {
  const { stateOut } = placed.cell;
  const cell = { ...placed.cell, stateOut: [[stateOut[0]![0]!, stateOut[0]![0]!]] };
  expect(() => verifyStage("2-place-results", { ...placed, cell })).toThrow(
    `cell lstm: after 2-place-results: not so: each result is computed by an equation of its own (a value goes to two destinations)${remedy}`,
  );
});

test("an equation of a region that comes too early breaks a rule", () => {
  const last = placed.cell.equations.at(-1)!;
  const phases = new Map(
    [...hoisted.phases].map(([eq, phase]) => [eq, eq === last ? "before" : phase] as const),
  );
  expect(() => verifyStage("3-hoist", { ...hoisted, phases })).toThrow(
    `after 3-hoist: not so: an equation reads what its own region makes, or an earlier one (${last.op.name})`,
  );
  expect(() => verifyStage("3-hoist", { ...hoisted, phases: new Map() })).toThrow(
    "after 3-hoist: not so: each equation has a region",
  );
});

test("a loop over rows without levels breaks a rule", () => {
  const { equations } = placed.cell;
  const last = equations.at(-1)!;
  const shared = {
    ...last,
    outputs: [Object.assign(Object.create(last.outputs[0]!), { scope: "sequence" })],
  };
  const cell = { ...placed.cell, equations: [...equations.slice(0, -1), shared] };
  const phases = new Map([...hoisted.phases, [shared, "loop"] as const]);
  expect(() => verifyStage("3-hoist", { ...hoisted, cell, phases })).toThrow(
    "after 3-hoist: not so: the loop makes rows that come in levels",
  );
});

test("a unit in a layer that comes too early breaks a rule", () => {
  const late = fused.units.find((u) => u.phase === "loop" && u.kind === "map")!;
  const early = { ...late, layer: 0 };
  const units = fused.units.map((u) => (u === late ? early : u));
  const unitOf = new Map([...fused.unitOf].map(([eq, u]) => [eq, u === late ? early : u]));
  expect(() => verifyStage("4-fuse", { ...fused, units, unitOf })).toThrow(
    "after 4-fuse: not so: a unit reads what earlier layers of its region make, or, in a map, what it makes itself",
  );
  expect(() =>
    verifyStage("4-fuse", { ...fused, units: units.map((u) => ({ ...u, kind: "map" as const })) }),
  ).toThrow("after 4-fuse: not so: a unit of maps is row-local work in a layer of maps");
});

test("a value without memory breaks a rule, and an error says what to do", () => {
  const broken = () => verifyStage("5-assign-buffers", { ...planned, inMemory: () => false });
  expect(broken).toThrow(CompileError);
  expect(broken).toThrow("after 5-assign-buffers: not so: what one unit makes and another reads has memory");
  try {
    broken();
  } catch (error) {
    expect(error).toMatchObject({ name: "CompileError", remedy: remedy.slice(2) });
  }
});
