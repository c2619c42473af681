// Runs when the package is installed: where the addon for this platform did not come with it, it is built, if there is a C++ compiler.
// Never fails an installation. Without an addon programs run on WebAssembly; `longspan doctor` says why.

try {
  const { executorReport } = await import("../dist/index.js");
  const native = () => executorReport().find(({ name }) => name === "native");
  if (native().available) console.log(`longspan: programs run on the executor native (${native().detail})`);
  else {
    console.log(`longspan: ${native().detail}`);
    process.argv.push("--addon-only");
    await import("./build.mjs");
  }
} catch (error) {
  console.log(`longspan: programs run on the executor wasm (${String(error.message).split("\n")[0]})`);
}
