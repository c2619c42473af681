// Tries the tarballs of a release in empty projects: with and without the addon's package, with and without a compiler, in other versions
// of Node.js, from CommonJS, and in bundlers. Each trial prints a line.

import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { platformHere } from "./platforms.mjs";

/** Prints what was computed, and on what. */
const program = `
  const product = longspan.matmul(longspan.ones([3, 4]), longspan.ones([4, 5]));
  console.log(longspan.defaultExecutor().name, longspan.onCpu(longspan.sum(product)).item());`;
const esm = `import * as longspan from "longspan";${program}`;
const cjs = `const longspan = require("longspan");${program}`;

/**
 * Tries a release. @param root of the repository, for a text to train on
 * @returns how many trials failed
 */
export async function tryRelease(tarballs, root) {
  const trials = [];
  const folder = mkdtempSync(join(tmpdir(), "longspan release "));
  /** A trial: what is looked for stands in what it prints. */
  const trial = (name, wanted, run) => {
    const begun = performance.now();
    let printed;
    try {
      printed = run();
    } catch (error) {
      printed = `${error.stdout ?? ""}${error.stderr ?? ""}${error.message}`;
    }
    const passed = wanted.test(printed);
    const seconds = ((performance.now() - begun) / 1000).toFixed(1);
    console.log(`${passed ? "passed" : "FAILED"}  ${name} (${seconds} s)`);
    if (!passed) console.log(`  expected ${wanted}, got:\n${printed.replace(/^/gm, "  ")}`);
    trials.push(passed);
    return passed;
  };
  const without = noCompiler(folder);
  const here = platformHere()?.name;
  try {
    const full = project(folder, "full", tarballs);
    trial("installs without a compiler and without a download of its own", /added \d+ packages/, () =>
      install(full, { PATH: without }),
    );
    trial("the addon of the package is in use", here ? new RegExp(`^native 60\\s.*${here}`, "s") : /60/, () =>
      run(full, "node", [
        "--input-type=module",
        "-e",
        `${esm};\nconsole.log(longspan.executorReport()[0].detail)`,
      ]),
    );
    trial("the main job", /valid|nats/, () =>
      run(full, "npx", [
        ...["longspan", "train", "text", join(root, "CONTRIBUTING.md"), "--steps", "20", "--hidden", "16"],
        ...["--out", "run", "--seed", "1"],
      ]),
    );
    trial(
      "doctor says where the addon is from",
      here ? new RegExp(`native: in use.*${here}`, "s") : /in use/,
      () => run(full, "npx", ["longspan", "doctor"]),
    );
    trial("CommonJS", /60/, () => run(full, "node", ["-e", cjs]));
    for (const major of [22, 24]) {
      const node = otherNode(folder, major);
      trial(`Node.js ${major}`, here ? /^v\d+\.\d+\.\d+\s+native 60/ : /60/, () =>
        run(full, node, ["-e", `console.log(process.version);${cjs}`]),
      );
    }
    bundlers(full, trial);
    types(full, trial);

    const { [here]: _, ...rest } = tarballs;
    const compiled = project(folder, "compiled", rest);
    trial("without the package the addon is built, where there is a compiler", /added \d+ packages/, () =>
      install(compiled, {}),
    );
    trial("and is in use", /^native 60/, () => run(compiled, "node", ["--input-type=module", "-e", esm]));
    const bare = project(folder, "bare", rest);
    trial("without package and compiler it installs, too", /added \d+ packages/, () =>
      install(bare, { PATH: without }),
    );
    trial(
      "on WebAssembly, and doctor says why",
      /native: not available .*was not built.*\n.*wasm: in use/s,
      () => run(bare, "npx", ["longspan", "doctor"]),
    );
    trial(
      "the installation says what is missing",
      /no C\+\+ compiler was found; programs run on the executor wasm/,
      () => run(join(bare, "node_modules", "longspan"), "node", ["kernels/install.mjs"], { PATH: without }),
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  const failed = trials.filter((passed) => !passed).length;
  console.log(`${trials.length - failed} passed, ${failed} failed`);
  return failed;
}

/** An empty project that depends on tarballs. */
function project(folder, name, tarballs) {
  const at = join(folder, name);
  mkdirSync(at);
  const dependencies = Object.fromEntries(Object.entries(tarballs).map(([n, file]) => [n, `file:${file}`]));
  writeFileSync(join(at, "package.json"), JSON.stringify({ name, private: true, dependencies }));
  return at;
}

function install(at, env) {
  return run(at, "npm", ["install", "--no-audit", "--no-fund", "--foreground-scripts"], env);
}

function run(cwd, command, args, env = {}) {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd,
    encoding: "utf8",
    env: { ...process.env, LONGSPAN_EXECUTOR: "", ...env },
  });
  if (error) throw error;
  if (status !== 0) throw new Error(`${command} ended with ${status}: ${stdout}${stderr}`);
  return stdout + stderr;
}

/** A search path on which every program is but compilers. */
function noCompiler(folder) {
  const at = join(folder, "no-compiler");
  mkdirSync(at);
  for (const from of process.env.PATH.split(delimiter).filter((p) => existsSync(p)))
    for (const name of readdirSync(from))
      if (!/(\+\+|^cc$|gcc|clang)/.test(name) && !existsSync(join(at, name)))
        try {
          symlinkSync(join(from, name), join(at, name));
        } catch {}
  return at;
}

/** Another version of Node.js, from npm. */
function otherNode(folder, major) {
  const at = join(folder, `node-${major}`);
  mkdirSync(at);
  const name = `node-${process.platform === "win32" ? "win" : process.platform}-${process.arch}`;
  execFileSync("npm", ["install", "--prefix", at, "--no-audit", "--no-fund", `${name}@${major}`], {
    stdio: "pipe",
  });
  return join(at, "node_modules", name, "bin", "node");
}

/** A program in the bundles that people make. */
function bundlers(at, trial) {
  const tools = join(at, "tools");
  mkdirSync(tools);
  writeFileSync(join(tools, "package.json"), '{ "private": true, "type": "module" }');
  writeFileSync(join(tools, "app.js"), esm);
  writeFileSync(join(tools, "index.html"), '<script type="module" src="app.js"></script>');
  const built = (name, args, output) =>
    trial(name, /60/, () => {
      run(tools, "npx", args);
      return run(tools, "node", [output]);
    });
  run(tools, "npm", [
    "install",
    "--no-audit",
    "--no-fund",
    "esbuild",
    "vite",
    "webpack",
    "webpack-cli",
    "typescript@5.9",
  ]);
  built(
    "esbuild",
    ["esbuild", "app.js", "--bundle", "--platform=node", "--format=esm", "--outfile=esbuild.mjs"],
    "esbuild.mjs",
  );
  built("vite", ["vite", "build", "--ssr", "app.js", "--outDir", "vite"], join("vite", "app.js"));
  built(
    "webpack",
    [
      "webpack",
      "--mode",
      "production",
      "--target",
      "node",
      "--entry",
      "./app.js",
      "-o",
      "webpack",
      "--output-filename",
      "app.cjs",
    ],
    join("webpack", "app.cjs"),
  );
  trial("vite, for the browser", /index\.html/, () =>
    run(tools, "npx", ["vite", "build", "--outDir", "web"]),
  );
}

/** The types, as TypeScript finds them. */
function types(at, trial) {
  const file = join(at, "tools", "types.ts");
  writeFileSync(
    file,
    'import { lstm } from "longspan";\nexport const name: string = lstm({ input: 3, hidden: 4 }).name;\n',
  );
  for (const [resolution, module] of [
    ["node16", "node16"],
    ["bundler", "esnext"],
  ])
    trial(`types, moduleResolution ${resolution}`, /^$/, () =>
      run(dirname(file), "npx", [
        ...["tsc", "--noEmit", "--strict", "--moduleResolution", resolution, "--module", module],
        ...["--target", "es2022", "--lib", "es2023,dom", "types.ts"],
      ]),
    );
}
