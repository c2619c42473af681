import { Cell, type TracedCell } from "../cell/index.js";
import {
  check,
  checkSettings,
  describe,
  isRecord,
  kind,
  list,
  oneOf,
  optional,
  text,
} from "../check/index.js";
import type { AnySequenceLayer } from "../nn/index.js";
import { Structure, StructureError } from "../unfold/index.js";
import { withoutReads } from "./copies.js";
import type { Diagram } from "./diagram.js";
import { laidOut } from "./layout.js";
import { operationsOf } from "./operations.js";
import { svgOf } from "./svg.js";
import { variablesOf, withoutLoneReads } from "./trimmed.js";
import { isOneWay, unfolded } from "./unfolded.js";
import { unitsOf } from "./units.js";
import type { Wiring } from "./wiring.js";
import { wiringOfCell } from "./wiring-of-cell.js";
import { argumentsOf, type DrawableModel, shortChain, smallGrid, wiringOfModel } from "./wiring-of-model.js";

/** What can be drawn: a cell, a sequence layer or model, or any other model with the arguments that it is applied to. */
export type Drawable = Pick<Cell, "name" | "ports" | "trace"> | DrawableModel;

/** Settings of `draw`. */
export interface DrawOptions {
  /**
   * How much is shown. `variables`: inputs, states and results. `units`: what stands between them too, products with weights as arrows that
   * bear the weight's name and functions of several operations as one. `operations`: every equation. By default `units`, and `variables`
   * where there are more than 40 units.
   */
  readonly detail?: "variables" | "units" | "operations";
  /** The title, for those who do not see the drawing; the cell's name by default. */
  readonly title?: string;
  /** What the model's `apply` is given after the parameters, for models other than sequence layers. */
  readonly arguments?: readonly unknown[];
}

/** Settings of `drawUnfolded`. */
export interface DrawUnfoldedOptions extends Pick<DrawOptions, "title"> {
  /** How much is shown: `variables` by default; `units` is for chains. */
  readonly detail?: "variables" | "units";
}

/** More units than this are too many for one look. */
const mostUnits = 40;

/**
 * Draws a cell or a model as a circuit (section 10.1): what it computes at one step from the bottom up, and a black square, a delay of one
 * step, on each way from a state to the step after.
 *
 * The drawing follows from the equations that the cell was traced to, and those of a model from what its `apply` does: there is nothing to be
 * said for it. Colours are those of the reader's system, light or dark.
 *
 * @returns an SVG file
 * @throws RangeError for another detail; TypeError for what is no cell or model
 * @see Goodfellow, Bengio, Courville (2016), section 10.1, figures 10.2, 10.3 and 10.16
 * @example
 * const svg = draw(lstm({ input: 3, hidden: 4 })); // the block diagram of figure 10.16
 * svg.startsWith("<svg") // true
 * const deep = draw(stacked([recurrent(rnn({ input: 3, hidden: 4 })), recurrent(rnn({ input: 4, hidden: 4 }))]));
 */
export function draw(of: Drawable, options?: DrawOptions): string {
  const what = "draw";
  const { detail, title, arguments: args } = checkSettings<DrawOptions>(what, options, kinds);
  const wiring = overFirst([shortChain(), smallGrid()], (over) => wiringOf(what, of, over, args));
  return svgOf(laidOut(withoutLoneReads(diagramOf(wiring, detail))), title ?? titleOf(of));
}

/**
 * Draws a cell or a model unfolded over a structure (section 10.1): one node per variable and node of the structure. Steps of a chain stand
 * side by side, sequences of a batch below each other; nodes of a tree or graph stand above what they read.
 *
 * @param over the structure, a small one; for a model that is no sequence layer, the list of what its `apply` is given after the parameters,
 * with its structures
 * @returns an SVG file
 * @throws RangeError for another detail; TypeError for what is no cell or model
 * @throws StructureError for units over what is no chain, ports that the structure lacks, or no nodes or too many
 * @see Goodfellow, Bengio, Courville (2016), section 10.1, figures 10.3, 10.11, 10.12 and 10.14
 * @example
 * const svg = drawUnfolded(rnn({ input: 3, hidden: 4 }), chain([4])); // the right side of figure 10.3
 * const tree = drawUnfolded(childSumTreeLstm({ input: 3, hidden: 4 }), trees([{ children: [[1, 2], [], []] }]));
 */
export function drawUnfolded(
  of: Drawable,
  over: Structure | readonly unknown[],
  options?: DrawUnfoldedOptions,
): string {
  const what = "drawUnfolded";
  const { detail = "variables", title } = checkSettings<DrawUnfoldedOptions>(what, options, unfoldedKinds);
  check(what, "over", over, overKind);
  const wiring =
    over instanceof Structure
      ? wiringOf(what, of, over, undefined)
      : wiringOf(what, of, shortChain(), over as readonly unknown[]);
  const structures = over instanceof Structure && of instanceof Cell ? [over] : wiring.structures;
  if (detail === "units" && !structures.every(isOneWay))
    throw new StructureError(
      `${what}: detail "units" is drawn along chains, and the structure is none; leave detail out, which shows the variables`,
    );
  const nodes = structures.reduce((n, s) => n + s.nodes, 0);
  if (nodes === 0 || nodes > mostNodes)
    throw new StructureError(
      `${what}: the structure has ${nodes} nodes; a drawing shows 1 to ${mostNodes}: give a smaller one, such as chain([4])`,
    );
  return svgOf(
    unfolded(withoutReads(diagramOf(wiring, detail)), structures, detail === "variables"),
    title ?? titleOf(of),
  );
}

/** What becomes of the first structure that a model runs over: some are for grids. */
function overFirst(structures: readonly Structure[], make: (structure: Structure) => Wiring): Wiring {
  const [first, ...others] = structures;
  try {
    return make(first!);
  } catch (error) {
    if (!(error instanceof StructureError) || others.length === 0) throw error;
    return overFirst(others, make);
  }
}

/** More nodes than this nobody can read. */
const mostNodes = 200;

function diagramOf(wiring: Wiring, detail: DrawOptions["detail"]): Diagram {
  if (detail === "operations") return operationsOf(wiring);
  const units = unitsOf(wiring);
  return (detail ?? (units.nodes.length > mostUnits ? "variables" : "units")) === "units"
    ? units
    : variablesOf(units);
}

function wiringOf(
  what: string,
  of: unknown,
  structure: Structure,
  args: readonly unknown[] | undefined,
): Wiring {
  if (of instanceof Cell) {
    checkPorts(what, of as Cell, structure);
    return wiringOfCell(traced(of as Cell));
  }
  if (!isRecord(of) || typeof of.init !== "function" || typeof of.apply !== "function")
    throw new TypeError(
      `${what}: the first argument is a cell, such as lstm({ input: 3, hidden: 4 }), or a layer or model with init and apply; got ${describe(of)}`,
    );
  const model = of as unknown as DrawableModel & Partial<AnySequenceLayer>;
  if (args) return wiringOfModel(model, args);
  if (model.input === undefined || model.stream === undefined)
    throw new TypeError(
      `${what}: the model is no sequence layer, so what it is applied to is not known; give arguments, those of its apply after the parameters`,
    );
  return wiringOfModel(model, argumentsOf(model as AnySequenceLayer, structure));
}

/** The cell's equations, of whichever type of floats its constants are. */
function traced(cell: Cell): TracedCell<unknown> {
  try {
    return cell.trace("float32");
  } catch (error) {
    try {
      return cell.trace("float64");
    } catch {
      throw error;
    }
  }
}

/** @throws StructureError where a cell with ports is drawn over a structure without them */
function checkPorts(what: string, { name, ports }: Cell, { parts: { inPorts } }: Structure): void {
  if (what === "draw" || ports.length === 0 || ports.every((port) => inPorts.includes(port))) return;
  throw new StructureError(
    `${what}: cell ${name} reads through the ports ${ports.join(", ")}, the structure has ${inPorts.join(", ")}; make it with trees(forest, { ports: [${ports.map((p) => `"${p}"`).join(", ")}] })`,
  );
}

function titleOf(of: unknown): string {
  return of instanceof Cell ? of.name : "model";
}

const kinds = {
  title: optional(text),
  arguments: optional(list),
  detail: optional(oneOf("variables", "units", "operations")),
};
const unfoldedKinds = { title: optional(text), detail: optional(oneOf("variables", "units")) };
const overKind = kind(
  "a structure, such as chain([4]), or the list of what the model is applied to",
  (value) => value instanceof Structure || (Array.isArray(value) && value.length > 0),
);
