// The WebAssembly modules, built with the compiler from npm.

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { headers, here, out, sources, stampOf } from "./sources.mjs";

const root = join(here, "..", "..", "..");

/** Two modules, of the same source: with relaxed SIMD and without. */
export async function buildWasm({ force = false } = {}) {
  const target = (name) => join(out, `${name}.wasm`);
  const stampFile = join(out, "wasm.stamp");
  const { devDependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const stamp = stampOf(devDependencies["@yowasp/clang"], [
    "addon.cc",
    "portable.cc",
    "build-addon.mjs",
    "install.mjs",
  ]);
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
    ...["--target=wasm32-unknown-unknown", "-std=c++17", "-msimd128", "-mbulk-memory", "-matomics"],
    "-nostdlibinc",
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
    "wasm-threads",
  ])
    Object.assign(shared, await compile(source, source, "-Oz"));
  const link = [
    "--no-entry",
    "--import-undefined",
    "--gc-sections",
    "-O2",
    "--strip-all",
    "--compress-relocations",
  ];
  const memory = ["-z", "stack-size=262144", "--initial-memory=1048576", "--max-memory=4294967296"];
  const threads = ["--import-memory", "--shared-memory", "--export=__stack_pointer"];
  for (const [name, relaxed] of [
    ["longspan", []],
    ["longspan-relaxed", ["-mrelaxed-simd"]],
  ]) {
    // -O2 would vectorise scalar loops, and unroll loops that the host unrolls again: no faster, and a third larger.
    const objects = { ...shared, ...(await compile("run", "run", "-Os", ...relaxed)) };
    const linked = await call(
      "wasm-ld",
      [...link, ...memory, ...threads, ...Object.keys(objects)],
      "out.wasm",
      objects,
    );
    writeFileSync(target(name), withOwnMemory(linked["out.wasm"]));
  }
  writeFileSync(stampFile, stamp);
}

/**
 * The module as one that takes memory of its own thread only, which every host gives. It is the same but for one bit: that the memory which
 * it imports is shared. Where there are threads, src/executors/wasm/host.ts sets it again.
 */
function withOwnMemory(module) {
  const bytes = Buffer.from(module);
  const at = bytes.indexOf("\x06memory\x02\x03", 0, "latin1");
  if (at < 0) throw new Error("the module imports no shared memory");
  bytes[at + 8] = 1;
  return bytes;
}
