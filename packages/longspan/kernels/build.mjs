// Builds the kernels: the Node addon where a C++ compiler is found. Never fails an installation: it prints one line that
// says what there is. node packages/longspan/kernels/build.mjs [--force]

import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const execute = promisify(execFile);
const here = dirname(fileURLToPath(import.meta.url));
const out = join(here, "..", "build");
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

function stampOf(text) {
  const hash = createHash("sha256").update(text);
  for (const f of readdirSync(here).sort())
    if (/\.(h|cc|mjs)$/.test(f)) hash.update(f).update(readFileSync(join(here, f)));
  return hash.digest("hex");
}

async function buildAddon(compiler) {
  const target = join(out, "longspan.node");
  const stampFile = join(out, "addon.stamp");
  const stamp = stampOf(`${compiler.name} ${compiler.version} ${process.arch} ${process.platform}`);
  if (!force && existsSync(target) && existsSync(stampFile) && readFileSync(stampFile, "utf8") === stamp)
    return "is up to date";
  const headers = createRequire(import.meta.url)("node-api-headers").include_dir;
  const jobs = [
    ...Object.entries(sets).map(([name, flags]) => [
      "run.cc",
      `run-${name}.o`,
      [...fast, ...flags, `-DLONGSPAN_ISA=${name}`],
    ]),
    ["parse.cc", "parse.o", ["-O2"]],
    ["plan.cc", "plan.o", ["-O2"]],
    ["block.cc", "block.o", ["-O2"]],
    ["addon.cc", "addon.o", ["-O2", "-isystem", headers]],
  ];
  const objects = await Promise.all(
    jobs.map(async ([source, object, flags]) => {
      const to = join(out, object);
      await execute(compiler.name, [...common, ...flags, "-c", join(here, source), "-o", to]);
      return to;
    }),
  );
  const link =
    process.platform === "darwin"
      ? ["-undefined", "dynamic_lookup"]
      : ["-static-libstdc++", "-static-libgcc", "-Wl,--gc-sections"];
  // Renamed into place: a process that has the old one loaded keeps it.
  await execute(compiler.name, ["-shared", ...objects, ...link, "-o", `${target}.new`]);
  renameSync(`${target}.new`, target);
  writeFileSync(stampFile, stamp);
  return "was built";
}

mkdirSync(out, { recursive: true });
const compiler = await findCompiler();
if (!compiler) {
  console.log(
    "longspan: no C++ compiler was found, so the native executor is not built; another executor is used",
  );
} else {
  try {
    console.log(`longspan: the native executor ${await buildAddon(compiler)} (${compiler.version})`);
  } catch (error) {
    const reason =
      String(error.stderr || error.message)
        .split("\n")
        .find((l) => /error/i.test(l)) ?? error.message;
    console.log(
      `longspan: the native executor could not be built, so another executor is used: ${reason.trim()}`,
    );
  }
}
