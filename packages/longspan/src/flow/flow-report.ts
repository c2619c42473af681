import { checkLoss } from "../autodiff/index.js";
import type { Cell } from "../cell/index.js";
import { check, checkSettings, count, flag, func, type KindsOf, optional } from "../check/index.js";
import { eigenvalues } from "../linear-algebra/eigenvalues.js";
import { singularValues } from "../linear-algebra/singular-values.js";
import { read, scope, type Traceable, type Value } from "../tensor/index.js";
import { treeKind } from "../tensor/kinds.js";
import type { Structure } from "../unfold/index.js";
import { keptShare, type Saturation, saturationOf } from "./activations.js";
import { advise } from "./advice.js";
import { type AtLag, byLag, lagsToSplitAt, rowNorms } from "./by-lag.js";
import { edgeRatios, type FlowAlongEdges } from "./edge-ratios.js";
import {
  dispose,
  draws,
  inFloat64,
  norm,
  owned,
  parameterShares,
  type RanLayer,
  stateSizes,
  statesRead,
  stepJacobians,
} from "./layer-steps.js";
import { backwardExponents } from "./lyapunov.js";
import { type MemoryFigures, memoryFigures } from "./memory-figures.js";
import { distancesOf, levelsOf, longestPath } from "./paths.js";
import { type GrowthAtLag, productGrowth } from "./product-growth.js";
import { type RecurrentPowers, recurrentPowers } from "./recurrent-powers.js";
import { watchStates } from "./state-gradients.js";
import { type SelfLoopFigures, selfLoopFigures } from "./time-constants.js";
import { type FlowVerdict, type Over, verdictOf } from "./verdict.js";

/** Settings of `flowReport`. */
export interface FlowReportOptions {
  /**
   * Steps of the longest sequence (over trees and graphs, edges of the longest path to a final state) whose Jacobians are formed, spread
   * evenly, and lags at which the growth of their product is told; by default as many as take a second or so; 0 for none.
   */
  readonly jacobians?: number;
  /** Lyapunov exponents of the longest sequence or path, as many of the largest; 4 by default; 0 for none. */
  readonly exponents?: number;
  /** Whether dL/dW is split by lag; true by default. */
  readonly weights?: boolean;
  /** Whether the ratio along each edge is formed; by default over trees and graphs. */
  readonly ratios?: boolean;
  /** Whether time constants are formed; true by default. */
  readonly timeConstants?: boolean;
  /** Whether the powers of recurrent matrices are formed; true by default. */
  readonly powers?: boolean;
}

/** The Jacobian dh(t)/dh(t-1) of one step of one sequence; over trees and graphs, dh(n)/dh(m) along one edge. */
export interface StepJacobian {
  /** In a chain, t, from 0. Else the place of node n on the longest path: n is at the end of its edge of that number, from 0. */
  readonly step: number;
  /** The port by which n reads. Of a node on the path there is one Jacobian for each port by which it reads anything. */
  readonly port: string;
  /** In falling order. */
  readonly singularValues: Float64Array;
  /** By falling magnitude. */
  readonly eigenvalues: { readonly re: Float64Array; readonly im: Float64Array };
  readonly spectralRadius: number;
}

/** Where something that is not finite came up first. */
export interface NonFinite {
  readonly what: "input" | "state" | "gradient";
  readonly sequence: number;
  /** Counted from 0; over trees and graphs, the number of the node. */
  readonly step: number;
}

/** What became of the gradient in one recurrent layer. */
export interface LayerFlow {
  /** Its place among the recurrent layers in the order in which they ran, counted from 0, and its cell's name. */
  readonly layer: number;
  readonly cell: string;
  /** What it runs over: chains, whose steps have a clock, or trees and graphs. */
  readonly over: "chains" | "graphs";
  /** Numbers in the state. */
  readonly stateSize: number;
  /**
   * |dL/dh(t)| by distance from the end of the sequence, h being the whole state. Over trees and graphs by distance from the final states:
   * the edges on the shortest path from the node to one whose state is final; nodes from which no path leads to one are left out.
   */
  readonly lags: readonly AtLag[];
  /** |dL/dh(t)| of each sequence, by step; of each tree or graph, by node in the order in which they were given. */
  readonly norms: readonly Float64Array[];
  /** Per parameter: |the part of dL/dW that the copies W(t) at one lag make up| (10.22-10.28), at the lags that `at` lists. */
  readonly weights: {
    readonly at: readonly number[];
    readonly norms: Readonly<Record<string, Float64Array>>;
  };
  /** What becomes of the gradient along each edge; null where it was not asked for, is not finite, or the step draws random numbers. */
  readonly edges: FlowAlongEdges | null;
  readonly jacobians: readonly StepJacobian[];
  /** ln of the norm of the product of the last Jacobians of the longest sequence or path, at a few dozen lags. */
  readonly growth: readonly GrowthAtLag[];
  /** Leading Lyapunov exponents per step of the longest sequence or path; the gradient at lag k scales with exp(exponent k). */
  readonly exponents: readonly number[];
  readonly saturation: readonly Saturation[];
  /**
   * Mean of the gate by which the step multiplies what it keeps of its state, such as the forget gate of an LSTM and the update gate of
   * a GRU; null where it has none.
   */
  readonly keeps: number | null;
  /** Its time constants: of each slot of the state with a self-loop, such as the s of an LSTM. See `timeConstants`. */
  readonly selfLoops: readonly SelfLoopFigures[];
  /** |W^t| of the matrices that a step multiplies its old state with; none where that takes long. See `powerNorms`. */
  readonly powers: readonly RecurrentPowers[];
  /** Where its heads look, and how much of the gradient goes through it, of a layer with a memory; else null. See `memoryReport`. */
  readonly memory: MemoryFigures | null;
  readonly nonFinite: NonFinite | null;
  readonly verdict: FlowVerdict;
}

/** What `flowReport` gives. */
export interface FlowReport {
  readonly loss: number;
  readonly layers: readonly LayerFlow[];
}

/**
 * Where the gradient of a loss goes in a model's recurrent layers, of any cell over any structure.
 *
 * Give the loss at the step that you ask about, the last one of each sequence as a rule: then the norm of dL/dh(t), lag steps
 * before the end, says how much of what happened then can still be learned from. With a loss at every step, each state also gets
 * the gradients of all losses after it, and what vanishes is hidden by what is near.
 *
 * Over trees and graphs the distance is counted in edges, from a node to the nearest one whose state is a final state: the root of its
 * tree. Give a loss of the final states. `edges` has the ratio along each edge: what flows back along it to the node that is read, as a
 * share of dL/dh at the node that reads. In a tree, the gradient of a node is that of its parent times the ratio.
 *
 * Of cells that draw random numbers in their step there are norms and saturation only.
 *
 * Numbers are formed in float64 from the gradients in the model's own type; norms neither overflow nor underflow. Clipping of
 * states and truncation in the model are ignored.
 *
 * @param loss runs once, with the parameters given
 * @throws Error if no recurrent layer takes part
 * @see Goodfellow, Bengio, Courville (2016), sections 10.2.2, 10.7 and 10.11
 * @example
 * const cell = rnn({ input: 2, hidden: 8 });
 * const report = await flowReport(
 *   (params) => sum(square(unfold(cell, params, { x: ones([40, 2]) }, chain([20, 20])).final.h)),
 *   cell.init(Key.of(1)),
 * );
 * report.layers[0]!.verdict.words; // "gradients at lag ... are ... of those at lag 1: ..."
 */
export async function flowReport<P>(
  loss: (params: Traceable<P>) => Value,
  params: P,
  options: FlowReportOptions = {},
): Promise<FlowReport> {
  check("flowReport", "loss", loss, func);
  check("flowReport", "params", params, treeKind);
  checkSettings("flowReport", options, kinds);
  const report = await flowOf(loss, params, options);
  if (report.layers.length === 0)
    throw new Error("flowReport: the loss runs no recurrent layer; nothing to report on");
  return report;
}

/** `flowReport`, which may find no layer. */
export async function flowOf<P>(
  loss: (params: Traceable<P>) => Value,
  params: P,
  {
    jacobians,
    exponents = 4,
    weights = true,
    ratios,
    timeConstants = true,
    powers = true,
  }: FlowReportOptions,
): Promise<FlowReport> {
  const seen = scope(() => {
    const what = "flowReport";
    const computeLoss = () => ({ loss: checkLoss({ what }, loss(params as Traceable<P>)), aux: null });
    const all = watchStates(computeLoss, { what, all: true });
    const layers = all.layers.map((l) => ({ ...l, ...inFloat64(l.params, l.inputs) }));
    return { ...owned({ loss: all.loss, gradients: all.gradients, layers }), calls: all.calls };
  });
  const layers: LayerFlow[] = [];
  for (const [i, { cell, structure }] of seen.calls.entries()) {
    const { states, inputs, initial, params: own, activations } = seen.layers[i]!;
    const sources = await statesRead(structure, cell, states, initial);
    const layer: RanLayer = { cell, structure, params: own, inputs, sources };
    const gradient = await rowsOfState(cell, structure, seen.gradients[i]!);
    const nonFinite = await firstNonFinite(layer, states, gradient);
    const { total } = stateSizes(cell);
    const over: Over = structure.parts.clock === null ? "graphs" : "chains";
    const lagOf = distancesOf(structure);
    const norms = rowNorms(gradient, total);
    const lags = byLag(norms, lagOf, structure.parts.sequenceOf);
    const path = longestPath(structure);
    // A cell that draws would draw other numbers for a step by itself.
    const finite = nonFinite === null && !draws(cell);
    const ahead = finite && path.length > (over === "chains" ? 1 : 0) ? path : new Int32Array(0);
    const formed = jacobians ?? affordable(total);
    const jacobiansHere = await jacobiansAt(layer, spread(structure, ahead, formed));
    const keeps = await keptShare(cell, activations);
    const seenHere = verdictOf(lags, { over });
    const verdict = nonFinite ? { ...seenHere, ...notFinite(nonFinite, over) } : seenHere;
    const radius = meanRadius(jacobiansHere);
    const growth = await productGrowth(layer, ahead, formed);
    layers.push({
      layer: layers.length,
      cell: cell.name,
      over,
      stateSize: total,
      lags,
      norms: normsBySequence(structure, norms),
      weights:
        weights && ahead.length > 0
          ? await weightsByLag(layer, gradient, lagOf, lags.length)
          : { at: [], norms: {} },
      edges: finite && (ratios ?? over === "graphs") ? await edgeRatios(layer, gradient) : null,
      jacobians: jacobiansHere,
      growth,
      exponents:
        exponents > 0 && ahead.length > 0
          ? await backwardExponents(layer, ahead, Math.min(exponents, total), Math.floor(ahead.length / 10))
          : [],
      saturation: await saturationOf(activations),
      keeps,
      selfLoops: finite && timeConstants ? await selfLoopFigures(layer, ahead, growth) : [],
      powers: powers ? await recurrentPowers(layer) : [],
      memory: await memoryFigures(cell, states, seen.gradients[i]!),
      nonFinite,
      verdict: { ...verdict, advice: advise(verdict.kind, { keeps, radius, over }) },
    });
  }
  const value = (await read(seen.loss))[0]!;
  dispose([seen.loss, seen.gradients, seen.layers]);
  return { loss: value, layers };
}

/** [nodes, state] from the slots' tensors. */
async function rowsOfState(
  cell: Pick<Cell, "state">,
  structure: Structure,
  slots: Readonly<Record<string, Value | null>>,
): Promise<Float64Array> {
  const { slots: sizes, total } = stateSizes(cell);
  const out = new Float64Array(structure.nodes * total);
  let offset = 0;
  for (const { name, size } of sizes) {
    const v = slots[name];
    const data = v ? await read(v) : null;
    if (data)
      for (let r = 0; r < structure.nodes; r++)
        for (let i = 0; i < size; i++) out[r * total + offset + i] = data[r * size + i]!;
    offset += size;
  }
  return out;
}

/** The earliest node with something that is not finite, looked for in the order in which it spreads: inputs, states, gradients. */
async function firstNonFinite(
  { cell, structure, inputs }: RanLayer,
  states: Readonly<Record<string, Value>>,
  gradient: Float64Array,
): Promise<NonFinite | null> {
  const { sequenceOf, clock, positions } = structure.parts;
  const time = clock ?? levelsOf(structure);
  const firstRow = (data: ArrayLike<number>): number => {
    const size = data.length / Math.max(1, structure.nodes);
    let best = -1;
    for (let k = 0; k < data.length; k++)
      if (!Number.isFinite(data[k]!)) {
        const row = Math.floor(k / size);
        if (best < 0 || time[row]! < time[best]!) best = row;
      }
    return best;
  };
  const at = (what: NonFinite["what"], row: number): NonFinite => ({
    what,
    sequence: sequenceOf[row]!,
    step: (clock ?? positions)[row]!,
  });
  for (const [name, v] of Object.entries(inputs)) {
    if (!Object.hasOwn(cell.inputs, name)) continue;
    const row = firstRow(await read(v));
    if (row >= 0) return at("input", row);
  }
  let earliest = -1;
  for (const v of Object.values(states)) {
    const row = firstRow(await read(v));
    if (row >= 0 && (earliest < 0 || time[row]! < time[earliest]!)) earliest = row;
  }
  if (earliest >= 0) return at("state", earliest);
  // A gradient spreads from the end: the last one is where it began.
  const { total } = stateSizes(cell);
  let latest = -1;
  for (let k = 0; k < gradient.length; k++) {
    const row = Math.floor(k / total);
    if (!Number.isFinite(gradient[k]!) && (latest < 0 || time[row]! > time[latest]!)) latest = row;
  }
  return latest < 0 ? null : at("gradient", latest);
}

function notFinite({ what, sequence, step }: NonFinite, over: Over): Pick<FlowVerdict, "kind" | "words"> {
  const [node, whole] = over === "chains" ? ["step", "sequence"] : ["node", "tree or graph"];
  const means =
    what === "input"
      ? "look at the data, or at the layer before"
      : what === "state"
        ? "the inputs were finite, so it arose in the cell: look for exp, log or a division that overflows, or for weights that are not finite"
        : "the states are finite, so it arose on the way back: look for a slope that is infinite, as of sqrt at 0, or for a gradient that overflows";
  return {
    kind: "not finite",
    words: `the ${what} of ${node} ${step} (from 0) of ${whole} ${sequence} (from 0) is not finite, and it is the first: ${means}`,
  };
}

function normsBySequence(structure: Structure, norms: Float64Array): Float64Array[] {
  const { clock, positions, sequenceOf } = structure.parts;
  const lists = Array.from({ length: structure.sequences }, () => [] as number[]);
  norms.forEach((v, row) => {
    lists[sequenceOf[row]!]![(clock ?? positions)[row]!] = v;
  });
  return lists.map((list) => Float64Array.from(list));
}

/** Jacobians that take a second or so: eigenvalues and singular values are of cubic cost. */
function affordable(state: number): number {
  if (state > 768) return 0;
  return Math.max(1, Math.min(32, Math.floor((128 / state) ** 3 * 16)));
}

/** An edge into a node of the longest path, by its number among the reads, and the node's place on the path. */
interface EdgeOnPath {
  readonly step: number;
  readonly edge: number;
}

/** `count` of the nodes of a path, spread evenly, the last one among them: of each the edge of the path, and one for each other port. */
function spread({ reads }: Structure, path: Int32Array, count: number): EdgeOnPath[] {
  const n = Math.min(count, path.length);
  return Array.from({ length: n }, (_, k) => Math.round(((k + 1) * path.length) / n) - 1).flatMap((step) => {
    const own = path[step]!;
    const byPort = new Map([[reads.port[own]!, own]]);
    reads.node.forEach((node, e) => {
      if (node === reads.node[own] && !byPort.has(reads.port[e]!)) byPort.set(reads.port[e]!, e);
    });
    return [...byPort.values()].map((edge) => ({ step, edge }));
  });
}

async function jacobiansAt(layer: RanLayer, positions: readonly EdgeOnPath[]): Promise<StepJacobian[]> {
  const { total: n } = stateSizes(layer.cell);
  const { reads, parts } = layer.structure;
  const all = await stepJacobians(
    layer,
    Int32Array.from(positions, (p) => p.edge),
  );
  return positions.map(({ step, edge }, k) => {
    const j = all.subarray(k * n * n, (k + 1) * n * n);
    const values = eigenvalues(j, n);
    return {
      step,
      port: parts.inPorts[reads.port[edge]!]!,
      singularValues: singularValues(j, n, n),
      eigenvalues: values,
      spectralRadius: Math.hypot(values.re[0]!, values.im[0]!),
    };
  });
}

async function weightsByLag(
  layer: RanLayer,
  gradient: Float64Array,
  lagOf: Int32Array,
  count: number,
): Promise<LayerFlow["weights"]> {
  const { total } = stateSizes(layer.cell);
  const at = lagsToSplitAt(count);
  const norms: Record<string, Float64Array> = {};
  for (const [k, lag] of at.entries()) {
    const rows = Int32Array.from(lagOf.keys()).filter((row) => lagOf[row] === lag);
    const cotangents = new Float64Array(rows.length * total);
    rows.forEach((row, i) => {
      cotangents.set(gradient.subarray(row * total, (row + 1) * total), i * total);
    });
    // Scaled to 1, so that what follows cannot underflow.
    const size = norm(cotangents);
    if (size > 0) for (let i = 0; i < cotangents.length; i++) cotangents[i]! /= size;
    for (const [path, share] of await parameterShares(layer, rows, cotangents)) {
      norms[path] ??= new Float64Array(at.length);
      norms[path][k] = share * size;
    }
  }
  return { at, norms };
}

function meanRadius(jacobians: readonly StepJacobian[]): number | null {
  return jacobians.length === 0
    ? null
    : jacobians.reduce((total, j) => total + j.spectralRadius, 0) / jacobians.length;
}

const kinds: KindsOf<FlowReportOptions> = {
  jacobians: optional(count),
  exponents: optional(count),
  weights: optional(flag),
  ratios: optional(flag),
  timeConstants: optional(flag),
  powers: optional(flag),
};
