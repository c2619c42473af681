// Makes the tarballs of a release in a folder: the library with the sources of its kernels, the command, and the addon for this platform.
// Nothing is published.

import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { findCompiler, linkPortable } from "../../packages/longspan/kernels/build-addon.mjs";
import { bundleForNode, withBundle } from "./bundle.mjs";
import { platformHere, platforms } from "./platforms.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));
const library = join(root, "packages", "longspan");
const require = createRequire(import.meta.url);
const readJson = (file) => JSON.parse(readFileSync(file, "utf8"));

/**
 * Makes the tarballs.
 * @param folder is emptied first
 * @returns the path of each by the name of its package
 */
export async function stage(folder) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const { version, license, engines } = readJson(join(library, "package.json"));
  const here = platformHere();
  const packages = [
    await stageLibrary(join(folder, "longspan"), version),
    join(root, "packages", "formats"),
    stageMpi(join(folder, "longspan-mpi")),
    join(root, "packages", "cli"),
  ];
  if (here) packages.push(await stageAddon(join(folder, here.name), { here, version, license, engines }));
  const tarballs = {};
  for (const at of packages) {
    const [{ name, filename }] = JSON.parse(
      execFileSync("npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", folder], {
        cwd: at,
        encoding: "utf8",
        stdio: ["ignore", "pipe", "pipe"],
      }),
    );
    tarballs[name] = join(folder, filename);
  }
  return tarballs;
}

/** The library as it is published: with a bundle for Node.js, the sources of the kernels, and the addons as optional dependencies. */
async function stageLibrary(at, version) {
  const manifest = readJson(join(library, "package.json"));
  for (const part of ["dist", "build", "README.md", "LICENSE"])
    cpSync(join(library, part), join(at, part), {
      recursive: true,
      filter: (from) => !from.startsWith(join(library, "build")) || /build$|\.wasm$/.test(from),
    });
  await bundleForNode(library, at);
  cpSync(join(library, "kernels"), join(at, "kernels"), {
    recursive: true,
    filter: (from) => !/[/\\](test|build-wasm\.mjs|generate\.d\.mts)$/.test(from),
  });
  copyNodeApi(join(at, "kernels", "node-api"));
  writeJson(join(at, "package.json"), {
    ...withBundle(manifest),
    files: [...manifest.files, "kernels"],
    scripts: { install: "node kernels/install.mjs" },
    optionalDependencies: Object.fromEntries(platforms.map(({ name }) => [name, version])),
  });
  return at;
}

/** What joins ranks as it is published: with the source of its addon, which is built where it is installed. */
function stageMpi(at) {
  const from = join(root, "packages", "mpi");
  const manifest = readJson(join(from, "package.json"));
  for (const part of ["dist", "native", "README.md", "LICENSE"])
    cpSync(join(from, part), join(at, part), { recursive: true });
  copyNodeApi(join(at, "native", "node-api"));
  writeJson(join(at, "package.json"), {
    ...manifest,
    files: [...manifest.files, "native"],
    scripts: { install: "node native/build.mjs" },
  });
  return at;
}

/** The headers of Node-API, beside the sources that are compiled with them. */
function copyNodeApi(to) {
  const headers = require("node-api-headers").include_dir;
  mkdirSync(to);
  for (const file of readdirSync(headers).filter((f) => /^(node|js_native)_api/.test(f)))
    cpSync(join(headers, file), join(to, file));
  cpSync(join(headers, "..", "LICENSE"), join(to, "LICENSE"));
}

/** The package with the addon for this platform. */
async function stageAddon(at, { here, version, license, engines }) {
  mkdirSync(at);
  const { name, os, cpu, libc } = here;
  const addon = join(at, "longspan.node");
  const sysroot = oldSystem();
  if (sysroot === null) cpSync(join(library, "build", "longspan.node"), addon);
  else await linkPortable(await findCompiler(), sysroot, addon);
  cpSync(join(library, "LICENSE"), join(at, "LICENSE"));
  writeFileSync(
    join(at, "README.md"),
    `# ${name}\n\nThe kernels of [longspan](https://www.npmjs.com/package/longspan) for ${os} on ${cpu}. npm installs it with longspan where it fits; it is of no use alone.\n`,
  );
  writeJson(join(at, "package.json"), {
    name,
    version,
    description: `The kernels of longspan for ${os} on ${cpu}`,
    license,
    engines,
    os: [os],
    cpu: [cpu],
    ...(libc ? { libc: [libc] } : {}),
    main: "./longspan.node",
    files: ["longspan.node", "README.md", "LICENSE"],
  });
  return at;
}

/** A system with an old C library, so that the addon runs on old systems, too; null where there is none. */
function oldSystem() {
  const toolchain = "@napi-rs/cross-toolchain-x64-target-x86_64";
  if (process.platform !== "linux" || process.arch !== "x64") return null;
  let archive;
  try {
    archive = require(toolchain).toolchainPath;
  } catch {
    console.log(
      `note: ${toolchain} is not installed; the addon needs the C library of this system, or a newer one`,
    );
    return null;
  }
  const to = join(library, "build", "sysroot");
  const sysroot = "x86_64-unknown-linux-gnu/sysroot";
  if (!existsSync(to)) {
    mkdirSync(to);
    execFileSync("tar", ["-xJf", archive, "-C", to, `./${sysroot}`], {
      stdio: ["ignore", "ignore", "inherit"],
    });
  }
  return join(to, sysroot);
}

function writeJson(file, value) {
  writeFileSync(file, `${JSON.stringify(value, null, 2)}\n`);
}
