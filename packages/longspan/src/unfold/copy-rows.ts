import type { Executable, Executor, Program, Schedule } from "../program/index.js";
import type { Tensor } from "../tensor/index.js";

/**
 * target[r] = source[rows[r]], or source[r] without `rows`: fills a tensor that nobody has seen yet, where a gather would make
 * another one. One program per type and width, whatever the numbers of rows.
 */
export function copyRows(source: Tensor, rows: Int32Array | null, target: Tensor): void {
  const columns = target.shape.slice(1).reduce((p, n) => p * n, 1);
  const count = target.shape[0]!;
  const schedule: Schedule = {
    counts: { source: source.shape[0]!, row: count },
    levels: 0,
    levelRows: {},
    headRows: 0,
    tables: [{ offset: 0, index: rows }],
  };
  const { executor } = target;
  executor.run(executableFor(executor, target.dtype, columns), schedule, [
    source.binding(),
    target.binding(),
  ]);
}

const executables = new WeakMap<Executor, Map<string, Executable>>();

function executableFor(executor: Executor, dtype: Tensor["dtype"], columns: number): Executable {
  let known = executables.get(executor);
  if (!known) {
    known = new Map();
    executables.set(executor, known);
  }
  const key = `${dtype}:${columns}`;
  let executable = known.get(key);
  if (!executable) {
    executable = executor.compile(program(dtype, columns));
    known.set(key, executable);
  }
  return executable;
}

function program(dtype: Tensor["dtype"], columns: number): Program {
  return {
    name: "copyRows",
    buffers: [
      { name: "source", dtype, space: "source", columns, role: "input" },
      { name: "target", dtype, space: "row", columns, role: "output" },
    ],
    tables: [{ name: "rows", kind: "map" }],
    before: [
      {
        kind: "map",
        space: "row",
        registers: [{ shape: [columns], dtype }],
        code: [
          { op: "load", out: 0, view: { buffer: 0, offset: 0, rows: 0 } },
          { op: "store", input: 0, view: { buffer: 1, offset: 0, rows: "same" } },
        ],
      },
    ],
    loop: [],
    after: [],
  };
}
