// Builds the kernels: WebAssembly with the compiler from npm, and the Node addon where a C++ compiler is found. Never fails an
// installation: it prints one line that says what there is. What is up to date is not built again.
// node packages/longspan/kernels/build.mjs [--force] [--addon-only]

import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { encodingHeader, instructionsHeader } from "./generate.mjs";

const execute = promisify(execFile);
const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, "..", "..", "..");
const out = join(here, "..", "build");
const generated = join(out, "generated");
const tables = await import("../dist/lower/enumerations.js");
const headers = { "encoding.h": encodingHeader(tables), "instructions.h": instructionsHeader(tables) };
const sources = readdirSync(here, { recursive: true })
  .map((f) => f.replaceAll("\\", "/"))
  .filter((f) => /\.(h|cc|mjs)$/.test(f) && !f.startsWith("test/"))
  .sort();
const force = process.argv.includes("--force");

const common = [
  "-std=c++17",
  "-fPIC",
  "-fno-exceptions",
  "-fno-rtti",
  "-fvisibility=hidden",
  "-Wall",
  "-Wextra",
  "-Werror",
];
const fast = ["-O2", "-ftree-vectorize", "-ffp-contract=fast", "-fno-math-errno"];
const sets =
  process.arch === "x64"
    ? {
        avx512: [
          "-mavx512f",
          "-mavx512dq",
          "-mavx512bw",
          "-mavx512vl",
          "-mavx2",
          "-mfma",
          "-mprefer-vector-width=512",
        ],
        avx2: ["-mavx2", "-mfma"],
        plain: [],
      }
    : { plain: [] };

/** The first compiler that answers, or why there is none. */
async function findCompiler() {
  const names = process.env.CXX ? [process.env.CXX] : ["c++", "g++", "clang++"];
  for (const name of names) {
    try {
      const { stdout } = await execute(name, ["--version"]);
      return { name, version: stdout.split("\n")[0] };
    } catch {}
  }
  return undefined;
}

/** Tells whether anything changed that a build was made from; `unused` is the entry of the other kind of build. */
function stampOf(text, unused) {
  const hash = createHash("sha256").update(text);
  for (const f of sources) if (f !== unused) hash.update(f).update(readFileSync(join(here, f)));
  for (const header of Object.values(headers)) hash.update(header);
  return hash.digest("hex");
}

async function buildAddon(compiler) {
  const target = join(out, "longspan.node");
  const stampFile = join(out, "addon.stamp");
  const stamp = stampOf(
    `${compiler.name} ${compiler.version} ${process.arch} ${process.platform}`,
    "wasm.cc",
  );
  if (!force && existsSync(target) && existsSync(stampFile) && readFileSync(stampFile, "utf8") === stamp)
    return;
  const headers = createRequire(import.meta.url)("node-api-headers").include_dir;
  const jobs = [
    ...Object.entries(sets).map(([name, flags]) => [
      "run.cc",
      `run-${name}.o`,
      [...fast, ...flags, `-DLONGSPAN_ISA=${name}`],
    ]),
    ["parse.cc", "parse.o", ["-O2"]],
    ...["scheduled-program", "execution-plan", "division", "block", "workspaces", "thread-pool"].map((f) => [
      `${f}.cc`,
      `${f}.o`,
      ["-O2"],
    ]),
    ["addon.cc", "addon.o", ["-O2", "-isystem", headers]],
  ];
  const objects = await Promise.all(
    jobs.map(async ([source, object, flags]) => {
      const to = join(out, object);
      await execute(compiler.name, [
        ...common,
        ...flags,
        ...["-I", generated, "-I", here],
        "-c",
        join(here, source),
        "-o",
        to,
      ]);
      return to;
    }),
  );
  const link =
    process.platform === "darwin"
      ? ["-undefined", "dynamic_lookup"]
      : ["-static-libstdc++", "-static-libgcc", "-pthread", "-Wl,--gc-sections"];
  // Renamed into place: a process that has the old one loaded keeps it.
  await execute(compiler.name, ["-shared", ...objects, ...link, "-o", `${target}.new`]);
  renameSync(`${target}.new`, target);
  writeFileSync(stampFile, stamp);
}

/** Two modules, of the same source: with relaxed SIMD and without. */
async function buildWasm() {
  const target = (name) => join(out, `${name}.wasm`);
  const stampFile = join(out, "wasm.stamp");
  const { devDependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const stamp = stampOf(devDependencies["@yowasp/clang"], "addon.cc");
  const isThere = ["longspan", "longspan-relaxed"].every((name) => existsSync(target(name)));
  if (!force && isThere && existsSync(stampFile) && readFileSync(stampFile, "utf8") === stamp) return;
  const { commands, runLLVM } = await import("@yowasp/clang");
  // It reads the files of its package; the first call would print how far it is.
  await runLLVM(null, {}, { fetchProgress: () => {} });
  const tree = { ...headers, instructions: {} };
  for (const f of sources) {
    const [name, folder] = f.split("/").reverse();
    (folder ? tree[folder] : tree)[name] = readFileSync(join(here, f), "utf8");
  }
  const call = async (command, args, result, files) => {
    let said = "";
    const stderr = (bytes) => {
      if (bytes) said += new TextDecoder().decode(bytes);
    };
    try {
      const after = await commands[command]([...args, "-o", result], files, { stdout: null, stderr });
      return { [result]: after[result] };
    } catch (error) {
      throw new Error(said || error.message);
    }
  };
  const flags = [
    ...["--target=wasm32-unknown-unknown", "-std=c++17", "-msimd128", "-mbulk-memory", "-nostdlibinc"],
    ...["-fno-exceptions", "-fno-rtti", "-fvisibility=hidden", "-ffp-contract=fast", "-fno-math-errno"],
    ...["-fno-builtin-malloc", "-fno-c++-static-destructors", "-Wall", "-Wextra", "-Werror"],
    "-DLONGSPAN_ISA=wasm",
    "-I.",
  ];
  const compile = (source, object, ...more) =>
    call("clang++", [...flags, ...more, "-c", `${source}.cc`], `${object}.o`, tree);
  const shared = {};
  for (const source of [
    "parse",
    "scheduled-program",
    "execution-plan",
    "division",
    "block",
    "workspaces",
    "wasm",
  ])
    Object.assign(shared, await compile(source, source, "-Oz"));
  const link = ["--no-entry", "--import-undefined", "--gc-sections", "-O2", "--strip-all"];
  const memory = ["-z", "stack-size=262144", "--initial-memory=1048576", "--max-memory=4294967296"];
  for (const [name, relaxed] of [
    ["longspan", []],
    ["longspan-relaxed", ["-mrelaxed-simd"]],
  ]) {
    // -O2 would vectorise scalar loops, and unroll loops that the host unrolls again: no faster, and a third larger.
    const objects = { ...shared, ...(await compile("run", "run", "-Os", ...relaxed)) };
    const linked = await call("wasm-ld", [...link, ...memory, ...Object.keys(objects)], "out.wasm", objects);
    writeFileSync(target(name), linked["out.wasm"]);
  }
  writeFileSync(stampFile, stamp);
}

// Written only when they change, from the tables of the library as they were just compiled.
mkdirSync(generated, { recursive: true });
for (const [name, text] of Object.entries(headers)) {
  const file = join(generated, name);
  if (!existsSync(file) || readFileSync(file, "utf8") !== text) writeFileSync(file, text);
}
const reasonOf = (error) => {
  const lines = String(error.stderr || error.message).split("\n");
  return (lines.find((l) => /error/i.test(l)) ?? lines[0]).trim();
};
const wasm = await (process.argv.includes("--addon-only") ? Promise.resolve() : buildWasm()).then(
  () => "wasm",
  (error) => `reference (WebAssembly could not be built: ${reasonOf(error)})`,
);
const compiler = await findCompiler();
if (!compiler) {
  console.log(`longspan: no C++ compiler was found; programs run on the executor ${wasm}`);
} else {
  try {
    await buildAddon(compiler);
    console.log(`longspan: programs run on the executor native (built with ${compiler.version})`);
  } catch (error) {
    console.log(
      `longspan: the addon could not be built (${reasonOf(error)}); programs run on the executor ${wasm}`,
    );
  }
}
