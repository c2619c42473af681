// The kernels outside a JavaScript engine, on programs that the reference executor ran: under AddressSanitizer and
// UndefinedBehaviorSanitizer, under ThreadSanitizer, and for ARM (NEON) in an emulator. Compiling takes minutes: `npm run kernels:check` runs it.
import { execFile, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import {
  binaryTreeLstm,
  chain,
  executor,
  gru,
  Key,
  lstm,
  normal,
  sum,
  trees,
  unfold,
  useExecutor,
  valueAndGrad,
} from "longspan";
import { defaultExecutor, type Handle, type ReferenceExecutor, type Value } from "longspan/engine";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { encodeProgram, encodeSchedule } from "../packages/longspan/src/lower/encode.js";
import { opRows } from "./ops-in-cells/rows.js";
import { fewOriginsOf, subjectOf } from "./ops-in-cells/subjects.js";
import { lossOf, pointOf } from "./random-cells/compare.js";
import { randomSubject } from "./random-cells/generate.js";
import { runMap } from "./random-maps/compare.js";
import { randomMap } from "./random-maps/generate.js";

const kernels = fileURLToPath(new URL("../packages/longspan/kernels", import.meta.url));
const generated = join(kernels, "..", "build", "generated");
const randomCells = 60;
const randomMaps = 40;
const disturbed = 100_000;
const bytesOf = (words: ArrayBufferView) => Buffer.from(words.buffer, words.byteOffset, words.byteLength);

/** The runs that `f` makes on the reference executor, as kernels/test/replay.cc reads them. */
function recorded(f: () => void): Buffer {
  const before = defaultExecutor();
  const reference = executor("reference") as ReferenceExecutor;
  const cases: Buffer[][] = [];
  const { run } = reference;
  const contents = (h: Handle) => bytesOf(reference.read(h, 0, h.length));
  reference.run = (executable, schedule, bindings) => {
    const handles = [...new Set(bindings.flatMap((b) => (b ? [b.handle] : [])))];
    const had = handles.map(contents);
    run.call(reference, executable, schedule, bindings);
    const { program } = executable;
    const { ints, reals } = encodeProgram(program);
    const encoded = encodeSchedule(program, schedule);
    const bound = program.buffers.flatMap((_, b) => {
      const binding = bindings[b];
      return binding ? [handles.indexOf(binding.handle), binding.offset] : [-1, 0];
    });
    const counts = [ints.length, encoded.length, reals.length, handles.length, program.buffers.length];
    cases.push([
      ...[Int32Array.from(counts), ints, encoded, reals, Int32Array.from(bound)].map(bytesOf),
      ...handles.flatMap((h, m) => [bytesOf(Int32Array.of(had[m]!.length)), had[m]!, contents(h)]),
    ]);
  };
  useExecutor(reference);
  try {
    f();
  } finally {
    reference.run = run;
    useExecutor(before);
  }
  return Buffer.concat([bytesOf(Int32Array.of(cases.length)), ...cases.flat()]);
}

/** Random maps on matrices, random cells, and operations in cells, in float64; in float32 chains and trees of several widths, with lengths that differ. */
function everyKind(): void {
  for (let seed = 1; seed <= randomMaps; seed++) runMap(randomMap(seed, seed % 2 ? "float32" : "float64"));
  for (let seed = 1; seed <= randomCells; seed++) {
    const subject = randomSubject(seed, { sets: seed % 2 === 0 });
    valueAndGrad(lossOf(subject, "compiled") as (p: never) => Value)(pointOf(subject) as never);
  }
  for (const row of opRows)
    for (const from of fewOriginsOf(row.shapes.length)) {
      const subject = subjectOf(row, from);
      valueAndGrad(lossOf(subject, "compiled") as (p: never) => Value)(pointOf(subject) as never);
    }
  const tree = { children: [[1, 2], [3, 4], [], [], []] };
  for (const [input, hidden] of [
    [1, 1],
    [3, 5],
    [20, 33],
  ] as const)
    for (const [cell, structure] of [
      [lstm({ input, hidden }), chain([9, 9, 4, 1, 0])],
      [gru({ input, hidden }), chain(new Array<number>(7).fill(40))],
      [
        binaryTreeLstm({ input, hidden }),
        trees([tree, tree, { children: [[]] }], { ports: ["left", "right"] }),
      ],
    ] as const) {
      const params = cell.init(Key.of(1), "float32");
      const x = normal(Key.of(2), [structure.nodes, input], "float32");
      const f = (p: { params: never; x: never }) =>
        sum(unfold(cell as never, p.params, { x: p.x } as never, structure).output as Value);
      valueAndGrad(f as never)({ params, x } as never);
    }
}

const sources = [
  "parse",
  "scheduled-program",
  "execution-plan",
  "division",
  "block",
  "workspaces",
  "thread-pool",
];
const common = [
  "-std=c++17",
  "-ffp-contract=fast",
  "-fno-math-errno",
  "-pthread",
  "-Wall",
  "-Wextra",
  "-Werror",
];
const has = (command: string) => spawnSync(command, ["--version"]).status === 0;
const compiler = [process.env.CXX ?? "c++", "g++", "clang++"].find(has);
const targets = [
  {
    name: "with the sanitizers of memory and undefined behaviour",
    compiler,
    missing: compiler ? undefined : "no C++ compiler",
    flags: [
      "-O1",
      "-g",
      "-fsanitize=address,undefined",
      "-fno-sanitize-recover=all",
      "-fno-omit-frame-pointer",
    ],
    sets: process.arch === "x64" ? { avx2: ["-mavx2", "-mfma"], plain: [] } : { plain: [] },
    run: [],
    disturbed,
  },
  {
    name: "with the sanitizer of threads",
    compiler,
    missing: compiler ? undefined : "no C++ compiler",
    flags: ["-O1", "-g", "-fsanitize=thread"],
    sets: { plain: [] },
    run: [],
    disturbed: 1000,
  },
  {
    name: "for ARM in an emulator",
    compiler: "aarch64-linux-gnu-g++",
    missing:
      has("aarch64-linux-gnu-g++") && has("qemu-aarch64")
        ? undefined
        : "no aarch64-linux-gnu-g++ or no qemu-aarch64",
    flags: ["-O2", "-static"],
    sets: { neon: [] },
    run: ["qemu-aarch64"],
    disturbed: 1000,
  },
];

const wanted = process.env.LONGSPAN_KERNELS_CHECK !== undefined;

describe.skipIf(!wanted)(
  `the kernels by themselves${wanted ? "" : " (npm run kernels:check runs this)"}`,
  () => {
    let folder = "";
    beforeAll(() => {
      folder = mkdtempSync(join(tmpdir(), "longspan-kernels-"));
      writeFileSync(join(folder, "recording"), recorded(everyKind));
    });
    afterAll(() => rmSync(folder, { recursive: true, force: true }));

    for (const target of targets)
      test.skipIf(target.missing !== undefined)(
        `${target.name}${target.missing ? ` (${target.missing})` : ""}: the reference's results, and ${target.disturbed} disturbed programs`,
        async () => {
          const execute = promisify(execFile);
          const build = async (source: string, name: string, flags: readonly string[]) => {
            const object = join(folder, `${name}.o`);
            await execute(target.compiler!, [
              ...common,
              ...target.flags,
              ...flags,
              ...["-I", generated, "-I", kernels],
              "-c",
              join(kernels, source),
              "-o",
              object,
            ]);
            return object;
          };
          const sets = Object.keys(target.sets);
          const list = `-DLONGSPAN_SETS=${sets.map((s) => `LONGSPAN_SET(${s})`).join(" ")}`;
          const objects = await Promise.all([
            ...Object.entries(target.sets).map(([set, flags]) =>
              build("run.cc", set, [...flags, `-DLONGSPAN_ISA=${set}`]),
            ),
            ...sources.map((source) => build(`${source}.cc`, source, [])),
            build("test/replay.cc", "replay", [list]),
          ]);
          const program = join(folder, "replay");
          await execute(target.compiler!, [...target.flags, "-pthread", ...objects, "-o", program]);
          const [command, ...args] = [
            ...target.run,
            program,
            join(folder, "recording"),
            sets.join(","),
            String(target.disturbed),
          ];
          // Sanitizers end the program, and print why.
          const env = {
            ...process.env,
            UBSAN_OPTIONS: "print_stacktrace=1",
            ASAN_OPTIONS: "detect_leaks=1:allocator_may_return_null=1",
          };
          const { stdout } = await execute(command!, args, { env });
          console.log(stdout.trim());
          for (const set of sets) {
            expect(stdout).toMatch(new RegExp(`^${set}: \\d{3,} programs give the recorded results$`, "m"));
            const [, refused, ran] =
              new RegExp(`^${set}: (\\d+) disturbed programs refused, (\\d+) ran$`, "m").exec(stdout) ?? [];
            expect(Number(refused) + Number(ran)).toBe(target.disturbed);
            expect(Number(ran)).toBeGreaterThan(target.disturbed / 20);
          }
        },
        600_000,
      );
  },
);
