// The Node addon, built with the C++ compiler of the machine.

import { execFile } from "node:child_process";
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { promisify } from "node:util";
import { generated, here, out, stampOf, writeHeaders } from "./sources.mjs";

const execute = promisify(execFile);
/** A package holds no tests. */
const isCheckout = existsSync(join(here, "test"));

const common = [
  "-std=c++17",
  "-fPIC",
  "-fno-exceptions",
  "-fno-rtti",
  "-fvisibility=hidden",
  "-Wall",
  "-Wextra",
  // Other compilers than ours may warn of something else: no reason for those who install a package to go without an addon.
  ...(isCheckout ? ["-Werror"] : []),
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
export async function findCompiler() {
  const names = process.env.CXX ? [process.env.CXX] : ["c++", "g++", "clang++"];
  for (const name of names) {
    try {
      const { stdout } = await execute(name, ["--version"]);
      return { name, version: stdout.split("\n")[0] };
    } catch {}
  }
  return undefined;
}

/**
 * Builds `build/longspan.node`, unless it is up to date.
 * @param compiler as `findCompiler` gives it
 */
export async function buildAddon(compiler, { force = false } = {}) {
  const target = join(out, "longspan.node");
  const stampFile = join(out, "addon.stamp");
  const stamp = stampOf(`${compiler.name} ${compiler.version} ${process.arch} ${process.platform}`, [
    "wasm.cc",
    "wasm-threads.cc",
    "wasm-threads.h",
    "portable.cc",
  ]);
  if (!force && existsSync(target) && existsSync(stampFile) && readFileSync(stampFile, "utf8") === stamp)
    return;
  writeHeaders();
  await Promise.all(jobs().map(([source, object, flags]) => compile(compiler, source, object, flags)));
  await link(compiler, target);
  writeFileSync(stampFile, stamp);
}

/**
 * Links the addon that `buildAddon` built once more, for older systems: against the C library of a `sysroot`, whose version is then the
 * oldest that it runs with.
 */
export async function linkPortable(compiler, sysroot, target) {
  await compile(compiler, "portable.cc", "portable.o", ["-O2"]);
  const libraries = ["lib64", "usr/lib64"].map((folder) => `-L${join(sysroot, folder)}`);
  await link(compiler, target, [join(out, "portable.o"), `--sysroot=${sysroot}`, ...libraries]);
}

async function compile(compiler, source, object, flags) {
  const to = ["-c", join(here, source), "-o", join(out, object)];
  await execute(compiler.name, [...common, ...flags, "-I", generated, "-I", here, ...to]);
}

async function link(compiler, target, more = []) {
  const objects = jobs().map(([, object]) => join(out, object));
  const flags =
    process.platform === "darwin"
      ? ["-undefined", "dynamic_lookup"]
      : ["-static-libstdc++", "-static-libgcc", "-pthread", "-Wl,--gc-sections"];
  // Renamed into place: a process that has the old one loaded keeps it.
  await execute(compiler.name, ["-shared", ...objects, ...more, ...flags, "-o", `${target}.new`]);
  renameSync(`${target}.new`, target);
}

/** What is compiled: a source, its object, and the flags. */
function jobs() {
  return [
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
    ["addon.cc", "addon.o", ["-O2", "-isystem", nodeApi()]],
  ];
}

/** The headers of Node-API: in a package they lie beside the sources. */
function nodeApi() {
  const packed = join(here, "node-api");
  return existsSync(packed) ? packed : createRequire(import.meta.url)("node-api-headers").include_dir;
}
