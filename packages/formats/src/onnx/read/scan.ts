import { concat, reshape, slice, type Value } from "longspan";
import { axisIn, need } from "./operands.js";
import type { Operators } from "./run-graph.js";

/** Scan: its body runs step by step. */
export const scan: Operators = {
  Scan(call) {
    const { node } = call;
    const { attributes, body } = node;
    const count = attributes.int("num_scan_inputs", 1);
    const states = node.inputs.length - count;
    if (!body || states < 0 || count < 1)
      throw new Error(`it has ${node.inputs.length} inputs, of which ${count} are run over`);
    const setting = (name: string) => attributes.ints(name) ?? [];
    const axes = setting("scan_input_axes");
    const scanned = node.inputs.slice(states).map((_, i) => {
      const x = need(call, states + i);
      return { x, axis: axisIn(x.rank, axes[i] ?? 0), reverse: setting("scan_input_directions")[i] === 1 };
    });
    const steps = scanned[0]!.x.shape[scanned[0]!.axis]!;
    if (scanned.some(({ x, axis }) => x.shape[axis] !== steps))
      throw new Error("what it runs over has different numbers of steps");
    if (steps === 0) throw new Error("it runs over no steps");
    let state = node.inputs.slice(0, states).map((_, i) => need(call, i));
    const outputs: Value[][] = [];
    for (let t = 0; t < steps; t++) {
      const read = scanned.map(({ x, axis, reverse }) => at(x, axis, reverse ? steps - 1 - t : t));
      const results = call.run(body, [...state, ...read]);
      state = results.slice(0, states);
      results.slice(states).forEach((value, i) => {
        outputs[i] = [...(outputs[i] ?? []), value];
      });
    }
    const joined = outputs.map((values, i) => {
      const rank = values[0]!.rank + 1;
      const axis = axisIn(rank, setting("scan_output_axes")[i] ?? 0);
      const ordered = setting("scan_output_directions")[i] === 1 ? [...values].reverse() : values;
      return concat(
        ordered.map((v) => reshape(v, [...v.shape.slice(0, axis), 1, ...v.shape.slice(axis)])),
        axis,
      );
    });
    return [...state, ...joined];
  },
};

/** One step of a value along an axis. */
function at(x: Value, axis: number, t: number): Value {
  return reshape(
    slice(x, axis, t, t + 1),
    x.shape.filter((_, d) => d !== axis),
  );
}
