import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import {
  chain,
  cholesky,
  cumulativeProduct,
  executor,
  Key,
  lstm,
  matmul,
  normal,
  pow,
  sum,
  topK,
  triangularSolve,
  unfold,
  useExecutor,
  valueAndGrad,
} from "longspan";
import { defaultExecutor, type Program, type Schedule } from "longspan/engine";
import { describe, expect, test } from "vitest";
import { encodeProgram, encodeSchedule } from "../packages/longspan/src/lower/encode.js";
import { randomMap } from "./random-maps/generate.js";

const file = fileURLToPath(new URL("../packages/longspan/build/longspan.node", import.meta.url));
const calls = Number(process.env.LONGSPAN_MALFORMED_CALLS ?? 100_000);

/** Programs and schedules of real use: an LSTM with its gradient, the eager ops around it, and those that have instructions of their own. */
function collect(): { program: Program; schedule: Schedule }[] {
  const before = defaultExecutor();
  const reference = executor("reference");
  useExecutor(reference);
  const seen: { program: Program; schedule: Schedule }[] = [];
  const { run } = reference;
  reference.run = (executable, schedule, bindings) => {
    seen.push({ program: executable.program, schedule });
    run.call(reference, executable, schedule, bindings);
  };
  const cell = lstm({ input: 2, hidden: 3 });
  const params = cell.init(Key.of(1));
  valueAndGrad((p: { x: never }) => sum(unfold(cell, params, { x: p.x }, chain([3, 2, 0])).output))({
    x: normal(Key.of(2), [5, 2]) as never,
  });
  const matrices = normal(Key.of(3), [2, 3, 3]);
  triangularSolve(cholesky(matrices), matmul(matrices, matrices));
  topK(cumulativeProduct(pow(matrices, 2)), 2, 1);
  for (let seed = 1; seed <= 6; seed++) {
    const { program, schedule } = randomMap(seed, "float32");
    seen.push({ program, schedule });
  }
  reference.run = run;
  useExecutor(before);
  return seen;
}

describe.skipIf(!existsSync(file))("the addon's boundary (skipped where the addon was not built)", () => {
  test(`${calls} malformed calls: each one runs within its memory or is a JavaScript error`, () => {
    // biome-ignore lint/suspicious/noExplicitAny: anything may be passed here.
    const addon = createRequire(import.meta.url)(file) as Record<string, (...args: any[]) => any>;
    let state = 12345;
    const below = (n: number) => {
      state = (Math.imul(state, 1664525) + 1013904223) | 0;
      return Math.floor(((state >>> 0) / 2 ** 32) * n);
    };
    const strange = [0, 1, -1, 2, 3, 7, 255, 65536, 2 ** 30, 2 ** 31 - 1, -(2 ** 31), 1000];
    const oddities = [
      undefined,
      null,
      Number.NaN,
      1e300,
      -1,
      "x",
      {},
      [],
      new Float32Array(3),
      new Int32Array(0),
    ];
    const collected = collect();
    const subjects = [...new Set(collected.map((s) => s.program))].map((program) => ({
      ...encodeProgram(program),
      schedule: encodeSchedule(program, collected.find((s) => s.program === program)!.schedule),
      buffers: program.buffers.length,
    }));
    const buffers = [64, 4096, 65536].map((bytes) => ({ bytes, buffer: new ArrayBuffer(bytes + 64) }));
    const memories = buffers.map(({ bytes, buffer }) => addon.adopt!(buffer, bytes) as [number, number]);
    const disturb = (list: Int32Array): Int32Array => {
      const copy = list.slice(0, below(20) === 0 ? below(list.length) : list.length);
      for (let n = below(3); n > 0 && copy.length > 0; n--)
        copy[below(copy.length)] = below(2) ? strange[below(strange.length)]! : below(12) - 2;
      return copy;
    };
    let errors = 0;
    let done = 0;
    for (let c = 0; c < calls; c++) {
      try {
        if (below(10) === 0) {
          const names = Object.keys(addon);
          const args = Array.from({ length: below(4) }, () => oddities[below(oddities.length)]);
          addon[names[below(names.length)]!]!(...args);
          done += 1;
          continue;
        }
        const subject = subjects[below(subjects.length)]!;
        const program = addon.compile!(
          disturb(subject.ints),
          subject.reals.slice(0, below(30) ? undefined : 0),
        );
        let plan: number | undefined;
        let prepared: number | undefined;
        try {
          plan = addon.plan!(program, disturb(subject.schedule)) as number;
          const bindings = Float64Array.from({ length: 2 * subject.buffers }, (_, i) =>
            below(60) === 0
              ? strange[below(strange.length)]!
              : i % 2 === 0
                ? memories[below(40) ? 2 : below(2)]![0]
                : below(500),
          );
          if (below(4) > 0) addon.run!(plan, bindings);
          else {
            const twice = [...bindings, ...bindings].slice(0, below(20) === 0 ? below(60) : undefined);
            const plans = disturb(Int32Array.of(plan, plan));
            const written = memories[below(3)]![0];
            prepared = addon.prepare!(
              plans,
              Float64Array.from(twice),
              below(40) ? written : below(9),
            ) as number;
            if (below(2)) {
              const positions = Int32Array.from({ length: below(6) }, () =>
                below(20) ? 2 * below(subject.buffers) : strange[below(strange.length)]!,
              );
              const others = positions.map(() => (below(20) ? memories[below(3)]![0] : below(9)));
              addon.rebind!(
                prepared,
                positions,
                Float64Array.from(others).slice(0, below(30) ? undefined : 1),
              );
            }
            addon.runPrepared!(prepared);
          }
          done += 1;
        } finally {
          addon.dropProgram!(program);
          if (plan !== undefined) addon.dropPlan!(plan);
          if (prepared !== undefined) {
            const gone = prepared;
            // Its plan is gone.
            if (below(2)) expect(() => addon.runPrepared!(gone)).toThrow("runPrepared");
            addon.dropPrepared!(gone);
          }
        }
      } catch (error) {
        expect(error).toBeInstanceOf(Error);
        errors += 1;
      }
    }
    for (const { bytes, buffer } of buffers) expect(() => addon.adopt!(buffer, bytes + 1)).toThrow("shorter");
    expect(done).toBeGreaterThan(calls / 50);
    expect(errors).toBeGreaterThan(calls / 10);
  });
});
