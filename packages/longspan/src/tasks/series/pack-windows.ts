import { chain, type Structure } from "../../unfold/index.js";
import { type ForecastSetup, forecastInputs } from "./forecast-setup.js";
import type { ForecastWindow } from "./forecast-windows.js";
import { baseAt, frameOf, type WindowFrame } from "./window-frame.js";
import { roomFor, writeStep } from "./window-inputs.js";

/** Windows, packed for a net. */
export interface ForecastBatch {
  /** Rows of the structure, [nodes, inputs]. */
  readonly x: Float32Array;
  readonly structure: Structure;
  /** Rows with something to forecast, and what is right there, by the frame of the window: [scored, 1]. */
  readonly scored: Int32Array;
  readonly targets: Float32Array;
  /** Of each scored row; null where all count the same. */
  readonly weights: Float64Array | null;
}

/** Steps that a window takes. */
export function windowSteps({ context, horizon, way }: ForecastSetup, { origin }: ForecastWindow): number {
  return Math.min(context, origin) + horizon - (way === "direct" ? 0 : 1);
}

/** Packs windows: with their answers, to learn from. @param washout steps at the beginning of each window that ask for nothing */
export function packWindows(
  setup: ForecastSetup,
  windows: readonly ForecastWindow[],
  weights: Float64Array | null,
  washout = 0,
): ForecastBatch {
  const structure = chain(windows.map((window) => windowSteps(setup, window)));
  const width = forecastInputs(setup);
  const flat = roomFor(setup, structure.nodes);
  const [rows, targets, each]: [number[], number[], number[]] = [[], [], []];
  let row = 0;
  for (const [w, { series, origin }] of windows.entries()) {
    const frame = frameOf(setup, series, origin);
    const { begin } = frame;
    const { values } = series;
    const add = (position: number, step: number, base: number) => {
      const target = (values[step]! - base) / frame.scale;
      if (!Number.isFinite(target)) return;
      rows.push(position);
      targets.push(target);
      if (weights) each.push(weights[w]!);
    };
    for (let step = begin; step < begin + windowSteps(setup, windows[w]!); step++, row++) {
      const ahead = setup.way === "direct" && step >= origin ? step - origin : null;
      writeStep(setup, series, frame, { values, step, ahead }, flat, row * width);
      if (ahead !== null) add(row, step, baseAt(setup, values, origin, ahead));
      else if (setup.way === "recursive" && step >= begin + washout)
        add(row, step + 1, baseAt(setup, values, step + 1, 0));
    }
  }
  const rowOf = rowsInOrder(structure);
  return {
    x: inRows(structure, flat, width),
    structure,
    scored: Int32Array.from(rows, (position) => rowOf[position]!),
    targets: Float32Array.from(targets),
    weights: weights ? Float64Array.from(each) : null,
  };
}

/** Windows to forecast from: their inputs, without answers. @param except steps before the origin that are not read yet */
export function packInputs(
  setup: ForecastSetup,
  windows: readonly ForecastWindow[],
  frames: readonly WindowFrame[],
  except = 0,
) {
  const ahead = setup.way === "direct" ? setup.horizon : -except;
  const structure = chain(frames.map(({ begin, origin }) => origin - begin + ahead));
  const width = forecastInputs(setup);
  const flat = roomFor(setup, structure.nodes);
  const asked: number[] = [];
  let row = 0;
  for (const [w, { series }] of windows.entries()) {
    const frame = frames[w]!;
    const { begin, origin } = frame;
    for (let step = begin; step < origin + ahead; step++, row++) {
      const isAhead = step >= origin;
      writeStep(
        setup,
        series,
        frame,
        { values: series.values, step, ahead: isAhead ? step - origin : null },
        flat,
        row * width,
      );
      if (isAhead || (ahead <= 0 && step === origin - 1)) asked.push(row);
    }
  }
  const rowOf = rowsInOrder(structure);
  return {
    structure,
    x: inRows(structure, flat, width),
    asked: Int32Array.from(asked, (position) => rowOf[position]!),
  };
}

/** The row of each step, series after series. */
function rowsInOrder({ nodes, parts }: Structure): Int32Array {
  const rowOf = new Int32Array(nodes);
  for (let row = 0; row < nodes; row++) rowOf[parts.order[row]!] = row;
  return rowOf;
}

function inRows({ nodes, parts }: Structure, flat: Float32Array, width: number): Float32Array {
  const x = new Float32Array(flat.length);
  for (let row = 0; row < nodes; row++) {
    const at = parts.order[row]! * width;
    x.set(flat.subarray(at, at + width), row * width);
  }
  return x;
}
