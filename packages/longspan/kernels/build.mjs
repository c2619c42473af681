// Builds the kernels: WebAssembly with the compiler from npm, and the Node addon where a C++ compiler is found. Never fails an
// installation: it prints one line that says what there is. What is up to date is not built again.
// node packages/longspan/kernels/build.mjs [--force] [--addon-only]

import { buildAddon, findCompiler } from "./build-addon.mjs";
import { reasonOf, writeHeaders } from "./sources.mjs";

const force = process.argv.includes("--force");
writeHeaders();
const wasm = await (process.argv.includes("--addon-only")
  ? Promise.resolve()
  : import("./build-wasm.mjs").then(({ buildWasm }) => buildWasm({ force }))
).then(
  () => "wasm",
  (error) => `reference (WebAssembly could not be built: ${reasonOf(error)})`,
);
const compiler = await findCompiler();
if (!compiler) {
  console.log(`longspan: no C++ compiler was found; programs run on the executor ${wasm}`);
} else {
  try {
    await buildAddon(compiler, { force });
    console.log(`longspan: programs run on the executor native (built with ${compiler.version})`);
  } catch (error) {
    console.log(
      `longspan: the addon could not be built (${reasonOf(error)}); programs run on the executor ${wasm}`,
    );
  }
}
