import type { Equation } from "../autodiff/index.js";
import { inSlots, printCell, printCellAs, printEquation, valueNames } from "../cell/index.js";
import { type Program, printProgram } from "../program/index.js";
import type { Scanned } from "./1-scans.js";
import type { PlacedResults } from "./2-place-results.js";
import type { Hoisted } from "./3-hoist.js";
import type { Fused } from "./4-fuse.js";
import type { BufferAssignment } from "./5-assign-buffers.js";
import { phases } from "./context.js";
import { printLayer } from "./layers.js";

/** A pass of the compiler, by the name of its file. */
export type StageName = "1-scans" | "2-place-results" | "3-hoist" | "4-fuse" | "5-assign-buffers" | "6-emit";

/** The result of each pass. */
export interface Stages extends Record<StageName, Scanned | PlacedResults> {
  readonly "1-scans": Scanned;
  readonly "2-place-results": PlacedResults;
  readonly "3-hoist": Hoisted;
  readonly "4-fuse": Fused;
  readonly "5-assign-buffers": BufferAssignment;
  readonly "6-emit": BufferAssignment & { readonly program: Program };
}

/** Prints the result of a pass. The text is stable enough for snapshot tests, and a value has the same name in all stages. */
export function printStage<N extends StageName>(name: N, stage: Stages[N]): string {
  return printers[name](stage).join("\n");
}

const printers: { readonly [N in StageName]: (stage: Stages[N]) => string[] } = {
  "1-scans": printScanned,
  "2-place-results": printPlacedResults,
  "3-hoist": printHoisted,
  "4-fuse": (stage) => printUnits(stage, () => ""),
  "5-assign-buffers": printBuffers,
  "6-emit": ({ program }) => [printProgram(program)],
};

function printScanned({ cell, scans, because }: Scanned): string[] {
  if (because !== undefined) return [`a loop: ${because}`];
  if (scans.length === 0) return ["nothing recurs"];
  return [`scans: ${scans.join(", ")}`, printCell(cell)];
}

function printPlacedResults({ cell, destinations, shared }: PlacedResults): string[] {
  const name = valueNames();
  const lines = [printCellAs(cell, name)];
  for (const [v, { kind, ...where }] of destinations)
    lines.push(`  ${name(v)} goes to ${kind} ${Object.values(where).join(" ")}`);
  for (const [i, { port, slot }] of shared)
    lines.push(`  output ${cell.outputs[i]!.name} is state ${port} ${slot}`);
  return lines;
}

/** The names that values have in the print of the cell. */
function namesIn({ cell }: PlacedResults): ReturnType<typeof valueNames> {
  const name = valueNames();
  printCellAs(cell, name);
  return name;
}

function printHoisted(stage: Hoisted): string[] {
  const name = namesIn(stage);
  const recurrent = inSlots(stage.cell).filter((_, s) => stage.recurrent[s]);
  return [
    `recurrent: ${recurrent.map((slot) => slot.name).join(", ") || "(nothing)"}`,
    ...phases.flatMap((phase) => [
      `${phase}:`,
      ...stage.cell.equations
        .filter((eq) => stage.phases.get(eq) === phase)
        .map((eq) => `  ${printEquation(eq, name)}`),
    ]),
  ];
}

function printBuffers(stage: BufferAssignment): string[] {
  const locationOf = (eq: Equation): string => {
    const location = stage.locations.get(eq.outputs[0]!);
    if (!location) return "";
    const rows = typeof location.rows === "number" ? ` by ${stage.tables[location.rows]!.name}` : "";
    return `  in ${stage.buffers[location.buffer]!.name}${rows}`;
  };
  const buffers = stage.buffers.map((b) => `${b.role} ${b.name}: ${b.dtype}[${b.space}, ${b.columns}]`);
  return [...buffers, ...printUnits(stage, locationOf)];
}

/** The units of each region, layer by layer; `also` gives the text after each equation. */
function printUnits(stage: Fused, also: (eq: Equation) => string): string[] {
  const name = namesIn(stage);
  const lines = phases.flatMap((phase) => [
    `${phase}:`,
    ...stage.units
      .filter((unit) => unit.phase === phase)
      .flatMap(({ layer, space, equations }) => [
        `  ${printLayer(layer)} over ${space}`,
        ...equations.map((eq) => `    ${printEquation(eq, name)}${also(eq)}`),
      ]),
  ]);
  for (const eq of stage.absorbed) lines.push(`never formed: ${printEquation(eq, name)}`);
  for (const { sum, instruction, start } of new Set(stage.accumulations.values()))
    lines.push(`in place: ${printEquation(sum, name)}, to ${name(start)} by ${instruction.op.name}`);
  return lines;
}
