import { fromArray, onCpu } from "longspan";
import { defaultExecutor } from "longspan/engine";
import type { RandomMap } from "./generate.js";

/** Runs a map on the default executor and gives what it leaves in each buffer. */
export function runMap({ program, schedule, data }: RandomMap): number[][] {
  const own = defaultExecutor();
  const tensors = data.map((d, b) => fromArray(d, [d.length], program.buffers[b]!.dtype));
  own.run(
    own.compile(program),
    schedule,
    tensors.map((t) => t.binding()),
  );
  return tensors.map((t) => Array.from(onCpu(t).toArray()));
}
