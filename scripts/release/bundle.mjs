// The library in few files, as Node.js loads it from a package: of some 600 modules, finding and opening each takes most of the time of
// an import.

import { join } from "node:path";
import { build } from "esbuild";

/** Where the files lie in the package: as deep as the modules that look for the kernels beside it. */
export const bundleFolder = "dist/bundle/node";
/** The entries of the package that Node.js loads, which share what they share. */
const entries = { ".": "index", "./node": "node", "./engine": "engine" };

/**
 * Writes the bundle of a package.
 * @param library its folder, with `dist` as it was built
 * @param to the folder of the package that the bundle is written into; the same by default
 * @returns the bytes of each file, by its name
 */
export async function bundleForNode(library, to = library) {
  const { metafile } = await build({
    entryPoints: Object.values(entries).map((name) => join(library, "dist", `${name}.js`)),
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node20",
    outdir: join(to, bundleFolder),
    logLevel: "error",
    metafile: true,
  });
  return Object.fromEntries(
    Object.entries(metafile.outputs).map(([file, { bytes }]) => [file.split("/").at(-1), bytes]),
  );
}

/** The manifest of a package with the bundle: Node.js takes it, everyone else the modules. */
export function withBundle(manifest) {
  const exports = Object.fromEntries(
    Object.entries(manifest.exports).map(([at, targets]) => {
      const name = entries[at];
      if (!name) return [at, targets];
      const { types, ...rest } = targets;
      return [at, { types, node: `./${bundleFolder}/${name}.js`, ...rest }];
    }),
  );
  return { ...manifest, exports, sideEffects: [...manifest.sideEffects, `./${bundleFolder}/*.js`] };
}
