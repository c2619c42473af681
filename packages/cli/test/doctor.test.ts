import { tmpdir } from "node:os";
import { describe, expect, it } from "vitest";
import { type DoctorReport, doctorLines, type ExecutorLine, reasonFor } from "../src/doctor.js";
import { measureMatmul } from "../src/matmul-speed.js";
import { longspan } from "./command.js";

const reference = { name: "reference", available: true, detail: "TypeScript" };
const native = { name: "native", available: true, detail: "avx2" };
const absent: ExecutorLine = { name: "wasm", available: false, detail: "no SIMD" };

const report: DoctorReport = {
  version: "1.2.3",
  node: "v20.20.0",
  platform: "linux x64, 6.1",
  cpu: { model: "A Processor", cores: 2 },
  memory: { total: 8 * 2 ** 30, free: 2.5 * 2 ** 30 },
  executor: { name: "native", why: "the fastest available here" },
  executors: [native, absent, reference],
  matmul: { size: 512, gflops: 12.345, repetitions: 9 },
};

describe("doctorLines", () => {
  it("lists the machine, every executor and the speed", () => {
    expect(doctorLines(report)).toEqual([
      "longspan  1.2.3",
      "node      v20.20.0 on linux x64, 6.1",
      "cpu       A Processor, 2 cores",
      "memory    8.0 GiB, 2.5 GiB free",
      "executor  native: in use, the fastest available here (avx2)",
      "executor  wasm: not available (no SIMD)",
      "executor  reference: available (TypeScript)",
      "speed     12.3 GFLOP/s in products of 512 x 512 matrices, float32",
    ]);
  });

  it("tells what each instruction set reached, where there was a choice", () => {
    const instructionSets = [
      { name: "avx512", gflops: 71.96 },
      { name: "avx2", gflops: 100.4 },
    ];
    const lines = doctorLines({ ...report, executors: [{ ...native, instructionSets }, reference] });
    expect(lines.slice(4, 7)).toEqual([
      "executor  native: in use, the fastest available here (avx2)",
      "          one thread in a trial: avx512 72 GFLOP/s, avx2 100 GFLOP/s",
      "executor  reference: available (TypeScript)",
    ]);
  });

  it("wraps in a narrow terminal", () => {
    const lines = doctorLines(report, 40).join("\n").split("\n");
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(40);
    expect(lines).toContain("          available here (avx2)");
  });
});

it.each<[string, readonly ExecutorLine[], string]>([
  ["reference", [reference], "the only one there is"],
  ["reference", [absent, reference], "the only one available here"],
  ["native", [native, reference], "the fastest available here"],
  ["reference", [native, reference], "chosen by a setting"],
])("%s is in use for a reason (%#)", (name, all, reason) => {
  expect(reasonFor(name, all)).toBe(reason);
});

describe("measureMatmul", () => {
  /** A clock that moves on by so much at each look. */
  const clock = (steps: readonly number[], then: number) => {
    let [time, i] = [0, 0];
    return () => {
      time += steps[i] ?? then;
      i += 1;
      return time;
    };
  };

  it("counts 2 n^3 operations per product, and takes the median", async () => {
    const { size, gflops, repetitions } = await measureMatmul(clock([], 10));
    expect([size, gflops]).toEqual([256, (2 * 256 ** 3) / 1e6 / 10]);
    // Three rounds of two looks at the clock, 60 ms; then rounds of three looks until 350 ms are over.
    expect(repetitions).toBe(3 + 10);
  });

  it("takes larger matrices where small ones are too fast to time", async () => {
    const { size, gflops, repetitions } = await measureMatmul(clock([1, 1, 1, 1], 200));
    expect([size, gflops, repetitions]).toEqual([512, (2 * 512 ** 3) / 1e6 / 200, 3]);
  });
});

describe("longspan doctor", () => {
  it("prints plain lines", () => {
    const { code, stdout, stderr } = longspan(tmpdir(), "doctor");
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(
      /^longspan {2}\d+\.\d+\.\d+\nnode {6}v\d+.*\ncpu .* cores?\nmemory .* GiB free\n(executor {2}\w+: (in use, |available|not available).*\n( {10}one thread in a trial: .*\n)?){3}speed {5}[\d.]+ GFLOP\/s in products of \d+ x \d+ matrices, float32\n$/,
    );
  });

  it("--json prints one object", () => {
    const { code, stdout, stderr } = longspan(tmpdir(), "doctor", "--json");
    expect([code, stderr]).toEqual([0, ""]);
    const found = JSON.parse(stdout) as DoctorReport;
    expect(Object.keys(found)).toEqual(Object.keys(report));
    expect(found.executors.map(({ name }) => name)).toContain(found.executor.name);
    expect(found.matmul.gflops).toBeGreaterThan(0);
  });
});
