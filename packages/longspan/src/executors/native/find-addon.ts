import { hasFiles, isFile, nodeRequire, platform } from "../loading.js";

/** What can be said of an addon before it is known whether it is ours. */
interface AnyAddon {
  readonly interfaceVersion?: unknown;
}

/** Raised when what the addon exports changes; an addon may be left from before that. */
const interfaceVersion = 4;

/** Built in a checkout of the repository, or where the package was installed. */
const builtFile = "../../../build/longspan.node";
const own = "../../../package.json";
/** Builds the addon; bundles have none. */
const builder = "../../../kernels/build.mjs";
/** Only a checkout of the repository has the tests. */
const checkoutOnly = "../../../kernels/test/replay.cc";

/**
 * The addon: the one that was built here, else that of the package for this platform, which is installed with the library where there is
 * one. Or why there is none.
 */
export function findAddon():
  | { readonly addon: AnyAddon; readonly from?: string }
  | { readonly reason: string } {
  if (!hasFiles) return { reason: "native addons exist in Node.js only" };
  // In a bundle that is no module there is no address.
  const { url } = import.meta as unknown as { url: string | undefined };
  const require = nodeRequire(url);
  const package_ = platformPackage();
  if (!require) return { reason: `bundles have no addon; ${package_} installed beside them would be one` };
  const again = isFile(checkoutOnly, url)
    ? "`npm run build`"
    : "`node node_modules/longspan/kernels/install.mjs`";
  const isThere = isFile(builder, url);
  try {
    const addon = required(require, builtFile);
    if (addon?.interfaceVersion === interfaceVersion) return { addon };
    if (addon) return { reason: `the addon was built from other sources; run ${again}` };
    const version = packageVersion(require, own);
    const theirs = packageVersion(require, `${package_}/package.json`);
    const prebuilt = required(require, package_);
    if (!prebuilt)
      return {
        reason: isThere
          ? `the addon was not built, and ${package_} is not installed; ${again} says why`
          : `bundles have no addon; ${package_} installed beside them would be one`,
      };
    // Versions of both are known where the library is installed; a bundle has its interface only.
    if (prebuilt.interfaceVersion !== interfaceVersion || (version && isThere && version !== theirs))
      return {
        reason: `${package_} ${theirs} is of another version than longspan ${version ?? "in this bundle"}; install the same of both`,
      };
    return { addon: prebuilt, from: `${package_} ${theirs}` };
  } catch (error) {
    const text = error instanceof Error ? error.message.split("\n")[0]! : String(error);
    return { reason: `the addon does not load: ${text}` };
  }
}

/** What a module exports, or undefined if it is not there. */
function required(require: (file: string) => unknown, file: string): AnyAddon | undefined {
  try {
    return require(file) as AnyAddon;
  } catch (error) {
    if ((error as { code?: unknown }).code === "MODULE_NOT_FOUND") return undefined;
    throw error;
  }
}

function packageVersion(require: (file: string) => unknown, file: string): string | undefined {
  return (required(require, file) as { version?: string } | undefined)?.version;
}

/** The name of the package with the addon for this platform, whether or not there is one. */
export function platformPackage({ system, processor } = platform()): string {
  // Programs of glibc and of musl differ; where musl is, npm does not install the package for glibc.
  return `longspan-${system}-${processor}${system === "linux" ? "-gnu" : ""}`;
}
