import type { Call } from "./call.js";
import { bodyGraph } from "./graph-parts.js";
import { GraphWriter } from "./graph-writer.js";
import type { Region } from "./region.js";

/** y[j] = a[j] y[j - 1] + b[j] along an axis: a Scan over it. */
export function linearRecurrence({ attrs, inputs: [a, b], op }: Call, region: Region): string {
  const axis = attrs.axis as number;
  if (typeof b!.shape[axis] !== "number")
    region.refuse(op, "it runs over all steps of a batch at once, where padding stands between sequences");
  const lead = Math.max(a!.lead, b!.lead);
  const [first, second] = [region.spread(a!, lead), region.spread(b!, lead)];
  const { graph } = region;
  const body = new GraphWriter(graph.names);
  const [y, p, q] = ["carried", "factor", "added"].map((name) => graph.names.fresh(name));
  const next = body.op("Add", [body.op("Mul", [p!, y!]), q!]);
  const shown = body.op("Identity", [next]);
  const rest = b!.shape.filter((_, d) => d !== axis);
  const start = graph.op("Expand", [graph.scalar(0, b!.dtype), region.shapeOf(lead, rest)]);
  const direction = attrs.reverse ? 1 : 0;
  const type = { type: b!.dtype, axes: lead + rest.length };
  const found = graph.ops(
    "Scan",
    [start, first.name, second.name],
    {
      body: bodyGraph(
        body,
        "recurrence",
        [y!, p!, q!].map((name) => ({ name, ...type })),
        [next, shown].map((name) => ({ name, ...type })),
      ),
      num_scan_inputs: 2,
      scan_input_axes: [lead + axis, lead + axis],
      scan_input_directions: [direction, direction],
      scan_output_axes: [lead + axis],
      scan_output_directions: [direction],
    },
    2,
  );
  return found[1]!;
}
