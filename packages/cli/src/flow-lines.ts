import type { FlowReport, LayerCurvature, LayerFlow, SelfLoopFigures } from "longspan";
import { type Inspected, lossOf, piecesOf } from "./report/flow/flow-html.js";
import { saturationInWords } from "./report/flow/gates-picture.js";
import { powerInWords } from "./report/flow/powers-picture.js";
import { radiusInWords } from "./report/flow/spectrum-picture.js";
import { constantsInWords, productInWords } from "./report/flow/times-picture.js";
import { figure } from "./report/scale.js";
import { type RunLine, whole } from "./run-lines.js";

/** Rows of a table of lags. */
const usualRows = 12;
/** Gates that are told, the most saturated ones. */
const gates = 3;

/** What a flow report says of the loss, in lines for people. */
export function introduction(inspected: Inspected, { loss }: FlowReport): RunLine {
  const { run, unit } = inspected;
  return [
    "flow",
    `${run}: ${piecesOf(inspected)}; the loss at the last ${unit} is ${lossOf(inspected, loss)}`,
  ];
}

/** What it says of a layer; a label that is empty goes on with the one above. */
export function layerLines(layer: LayerFlow, layers: number): RunLine[] {
  const { cell, stateSize, verdict, exponents } = layer;
  return [
    ["layer", `${layer.layer + 1} of ${layers}: ${cell}, ${whole(stateSize)} numbers of state`],
    ["verdict", `${verdict.kind}: ${verdict.words}`],
    ...(verdict.advice === null ? [] : [["advice", verdict.advice] satisfies RunLine]),
    ...lagLines(layer),
    ...(exponents.length > 0
      ? [["exponents", `${exponents.map(figure).join(", ")} per step (Lyapunov)`] satisfies RunLine]
      : []),
    ["spectrum", `${radiusInWords(layer)} (of dh(t)/dh(t-1))`],
    ...saturationLines(layer),
    ...layer.selfLoops.flatMap(constantLines),
    ...layer.powers.map((powers, k): RunLine => [k === 0 ? "powers" : "", powerInWords(powers)]),
  ];
}

function lagLines({ lags }: LayerFlow): RunLine[] {
  const reference = lags[1]?.norm ?? 0;
  const lines = lagsToShow(lags.length).map((k) => {
    const { lag, norm } = lags[k]!;
    const share = reference > 0 ? figure(norm / reference) : "";
    return `${whole(lag).padStart(6)}  ${figure(norm).padStart(12)}  ${share.padStart(12)}`.trimEnd();
  });
  return [`${"lag".padStart(6)}  ${"|dL/dh|".padStart(12)}  ${"of lag 1".padStart(12)}`, ...lines].map(
    (text, k) => [k === 0 ? "gradient" : "", text],
  );
}

/** Curvature against lag in a layer: a table, and what it means. */
export function curvatureLines({ lags, verdict }: LayerCurvature): RunLine[] {
  const shown = new Set(lagsToShow(lags.length));
  const columns = ["|g|", "g'Hg/g'g", "g'Gg/g'g", "H / |g|", "G / |g|"];
  const lines = lags
    .filter((_, i) => shown.has(i))
    .map(({ lag, gradient, own }) => {
      const [h, g] = [own?.hessian ?? null, own?.gaussNewton ?? null];
      const numbers = [gradient, h, g, h && h / gradient, g && g / gradient];
      return `${whole(lag).padStart(6)}${numbers.map((x) => (x === null ? "" : figure(x)).padStart(12)).join("")}`;
    });
  const head = `${"lag".padStart(6)}${columns.map((c) => c.padStart(12)).join("")}`;
  return [
    ...(lines.length > 0 ? [head, ...lines] : []).map(
      (text, k): RunLine => [k === 0 ? "curvature" : "", text],
    ),
    [lines.length > 0 ? "" : "curvature", `${verdict.kind}: ${verdict.words}`],
  ];
}

/** A dozen lags, or as many as asked for: the first and the last, and between them about as many per doubling. */
export function lagsToShow(count: number, rows = usualRows): number[] {
  if (count <= rows) return Array.from({ length: count }, (_, k) => k);
  const last = count - 1;
  const chosen = new Set([0]);
  for (let k = 0; k < rows - 1; k++) {
    const wanted = Math.round(last ** (k / (rows - 2)));
    // Small lags would fall on each other.
    chosen.add(Math.min(last, Math.max(wanted, Math.max(...chosen) + 1)));
  }
  return [...chosen];
}

/** The time constants of a slot, and what their factors come to. */
function constantLines(loop: SelfLoopFigures): RunLine[] {
  const product = productInWords(loop);
  const first: RunLine = ["constants", `${loop.slot}: ${constantsInWords(loop)}`];
  return product === null ? [first] : [first, ["", product]];
}

function saturationLines({ saturation }: LayerFlow): RunLine[] {
  const share = (s: { low: number; high: number }) => s.low + s.high;
  return [...saturation]
    .sort((a, b) => share(b) - share(a))
    .slice(0, gates)
    .map((s, k) => [k === 0 ? "saturated" : "", `${s.name}: ${saturationInWords(s)}`]);
}
