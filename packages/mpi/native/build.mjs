// Builds the addon for every MPI library whose compiler is found: `build/openmpi.node`, `build/mpich.node`. Never fails an installation: it
// prints one line that says what there is. What is up to date is not built again.
// node packages/mpi/native/build.mjs [--force]

import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const execute = promisify(execFile);
const here = dirname(fileURLToPath(import.meta.url));
const out = join(here, "..", "build");
const source = join(here, "addon.cc");
/** A package holds no tests; other compilers than ours may warn of something else. */
const isCheckout = existsSync(join(here, "..", "test"));

// Debian's alternatives let both libraries live beside each other.
const compilers = process.env.MPICXX
  ? [process.env.MPICXX]
  : ["mpicxx", "mpicxx.openmpi", "mpicxx.mpich", "mpic++"];

const built = new Map();
const reasons = [];
for (const compiler of compilers) {
  const library = await libraryOf(compiler);
  if (library === null || built.has(library.name)) continue;
  try {
    await build(compiler, library);
    built.set(library.name, library.words);
  } catch (error) {
    const lines = String(error.stderr || error.message).split("\n");
    reasons.push(`${compiler}: ${(lines.find((line) => /error/i.test(line)) ?? lines[0]).trim()}`);
  }
}
rmSync(join(out, "probe.cc"), { force: true });
console.log(
  built.size > 0
    ? `longspan-mpi: built for ${[...built.values()].join(" and ")}`
    : reasons.length > 0
      ? `longspan-mpi: could not be built (${reasons.join("; ")}); training on several ranks is not possible`
      : "longspan-mpi: no MPI library was found; install one, such as libopenmpi-dev and openmpi-bin, and run npm rebuild longspan-mpi",
);

/** What a compiler compiles for; null if it does not answer. */
async function libraryOf(compiler) {
  const probe = join(out, "probe.cc");
  mkdirSync(out, { recursive: true });
  writeFileSync(
    probe,
    "#include <mpi.h>\n#if defined(OPEN_MPI)\n" +
      "longspan openmpi OMPI_MAJOR_VERSION OMPI_MINOR_VERSION OMPI_RELEASE_VERSION\n" +
      "#elif defined(MPICH_VERSION)\nlongspan mpich MPICH_VERSION\n#else\nlongspan other 0\n#endif\n",
  );
  try {
    const { stdout } = await execute(
      compiler,
      ["-E", "-P", "-DOMPI_SKIP_MPICXX", "-DMPICH_SKIP_MPICXX", probe],
      {
        maxBuffer: 2 ** 26,
      },
    );
    const [, name, version] = /^longspan (\w+) (.*)$/m.exec(stdout);
    const numbers = version.replaceAll('"', "").trim().replaceAll(" ", ".");
    const words = { openmpi: `Open MPI ${numbers}`, mpich: `MPICH ${numbers}` };
    // Others have the interface of MPICH, and its environment variables.
    return { name: name === "other" ? "mpich" : name, words: words[name] ?? "an MPI library" };
  } catch {
    return null;
  }
}

async function build(compiler, { name, words }) {
  const target = join(out, `${name}.node`);
  const stampFile = join(out, `${name}.stamp`);
  const stamp = createHash("sha256")
    .update(`${compiler} ${words} ${process.arch}`)
    .update(readFileSync(source))
    .update(readFileSync(join(here, "build.mjs")))
    .digest("hex");
  const upToDate = existsSync(target) && existsSync(stampFile) && readFileSync(stampFile, "utf8") === stamp;
  if (upToDate && !process.argv.includes("--force")) return;
  const undefinedSymbols = process.platform === "darwin" ? ["-undefined", "dynamic_lookup"] : [];
  const flags = ["-std=c++17", "-O2", "-fPIC", "-shared", "-pthread", "-fvisibility=hidden"];
  const warnings = ["-Wall", "-Wextra", ...(isCheckout ? ["-Werror"] : [])];
  // Renamed into place: a process that has the old one loaded keeps it.
  await execute(compiler, [
    ...flags,
    ...warnings,
    ...undefinedSymbols,
    "-isystem",
    nodeApi(),
    source,
    "-o",
    `${target}.new`,
  ]);
  renameSync(`${target}.new`, target);
  writeFileSync(stampFile, stamp);
}

/** The headers of Node-API: in a package they lie beside the source. */
function nodeApi() {
  const packed = join(here, "node-api");
  return existsSync(packed) ? packed : createRequire(import.meta.url)("node-api-headers").include_dir;
}
