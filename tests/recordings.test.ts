import { IndexError } from "longspan";
import {
  add,
  defaultExecutor,
  type Execution,
  fromArray,
  gather,
  isRecordable,
  type MemoryRange,
  matmul,
  onCpu,
  type RecordableExecutor,
  scope,
  type Tensor,
  type TypedArray,
  tensor,
  useExecutor,
  zeros,
} from "longspan/engine";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { executorOf, executorRows, missing } from "./executors/rows.js";

const before = defaultExecutor();
afterAll(() => useExecutor(before));

const placeOf = (t: Tensor): MemoryRange => ({ ...t.binding(), length: t.size });

/** Runs bound with their input and output. */
function windowed(
  e: RecordableExecutor,
  runs: readonly Execution[],
  input: MemoryRange,
  output: MemoryRange,
) {
  const bound = e.bind(runs, [], { input, output });
  return {
    run: (data: ArrayLike<number>, result: TypedArray) => bound.run([], data, result),
    release: () => bound.release(),
  };
}

for (const { name } of executorRows) {
  const reason = missing(name);
  describe.skipIf(reason !== undefined)(
    `recordings on ${name}${reason ? `: skipped, ${reason}` : ""}`,
    () => {
      let e: RecordableExecutor;
      beforeAll(() => {
        const chosen = executorOf(name);
        if (!isRecordable(chosen)) throw new Error("not on the CPU");
        useExecutor(chosen);
        e = chosen;
      });

      /** x A + x, with what is between in memory that is given back. */
      const recorded = (x: Tensor, A: Tensor) => {
        let y = x;
        const recording = e.record(() => {
          y = scope(() => add(matmul(x, A), x)) as Tensor;
        });
        return { y, recording };
      };

      test("runs are done again over the same memory, whatever other memory was taken and given back", () => {
        const A = tensor([
          [1, 2],
          [3, 4],
        ]);
        const x = zeros([1, 2]) as Tensor;
        const { y, recording } = recorded(x, A);
        expect(recording.executions.length).toBe(2);
        const prepared = windowed(e, recording.executions, placeOf(x), placeOf(y));
        const output = new Float32Array(2);
        const { executions, bytesInUse } = e.statistics;
        for (let i = 1; i < 20; i++) {
          scope(() => {
            matmul(tensor([[9, 9]]), tensor([[1], [i]]));
          });
          prepared.run([i, -1], output);
          expect(Array.from(output)).toEqual([i - 3 + i, 2 * i - 4 - 1]);
        }
        expect(e.statistics.executions - executions).toBe(2 * 19 + 19);
        expect(e.statistics.bytesInUse).toBe(bytesInUse);
        prepared.release();
        expect(() => prepared.run([1, 1], output)).toThrow("released");
        recording.release();
        for (const t of [A, x, y]) t.dispose();
      });

      test("a matrix that the input is, and that kernels may hold packed, is read anew each time", () => {
        const x = fromArray(new Float32Array(64 * 64), [64, 64]);
        const left = fromArray(new Float32Array(64).fill(1), [1, 64]);
        let y = x;
        const recording = e.record(() => {
          y = matmul(left, x) as Tensor;
        });
        const prepared = windowed(e, recording.executions, placeOf(x), placeOf(y));
        const output = new Float32Array(64);
        for (const value of [1, 2, 3]) {
          prepared.run(new Float32Array(64 * 64).fill(value), output);
          expect(Array.from(output)).toEqual(new Array(64).fill(64 * value));
        }
      });

      test("part of memory as input and output, also after memory has grown", () => {
        const all = tensor([0, 0, 0, 0, 7, 8]);
        const part = all.view([1, 2], 2);
        const { y, recording } = recorded(
          part,
          tensor([
            [1, 0],
            [0, 1],
          ]),
        );
        const prepared = windowed(e, recording.executions, placeOf(part), {
          ...placeOf(y),
          offset: 1,
          length: 1,
        });
        const output = new Float32Array(1);
        for (const megabytes of [0, 30, 60]) {
          zeros([megabytes * 250_000]).dispose();
          prepared.run([5, 6 + megabytes], output);
          expect(Array.from(output)).toEqual([12 + 2 * megabytes]);
          expect(Array.from(onCpu(all).toArray())).toEqual([0, 0, 5, 6 + megabytes, 7, 8]);
        }
      });

      test("bindings may be exchanged; an array of another length and an index out of range are errors", () => {
        const table = tensor([[10], [20], [30]]);
        const other = tensor([[1], [2], [3]]);
        const index = tensor([0], "int32");
        let y = table;
        const recording = e.record(() => {
          y = gather(table, index) as Tensor;
        });
        const swapped: Execution[] = recording.executions.map((run) => ({
          ...run,
          bindings: run.bindings.map((b) => (b?.handle === table.binding().handle ? other.binding() : b)),
        }));
        const output = new Float32Array(1);
        const [first, second] = [recording.executions, swapped].map((runs) =>
          windowed(e, runs, placeOf(index), placeOf(y)),
        );
        first!.run([2], output);
        expect(output[0]).toBe(30);
        second!.run([1], output);
        expect(output[0]).toBe(2);
        expect(() => first!.run([3], output)).toThrow(IndexError);
        expect(() => first!.run([1, 2], output)).toThrow("the input has 2 elements, expected 1");
        expect(() => first!.run([1], new Float32Array(2))).toThrow("the output has 2 elements, expected 1");
        expect(output[0]).toBe(2);
        first!.run([0], output);
        expect(output[0]).toBe(10);
      });

      test("a recording that fails gives its memory back; one inside another is an error", () => {
        const { bytesInUse } = e.statistics;
        expect(() =>
          e.record(() => {
            zeros([100]).dispose();
            throw new Error("no");
          }),
        ).toThrow("no");
        expect(() => e.record(() => e.record(() => {}))).toThrow("record: a recording is under way");
        expect(e.statistics.bytesInUse).toBe(bytesInUse);
        e.record(() => {}).release();
      });
    },
  );
}
