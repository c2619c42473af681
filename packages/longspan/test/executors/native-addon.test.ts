import { beforeEach, describe, expect, test, vi } from "vitest";
import { platforms } from "../../../../scripts/release/platforms.mjs";

const missing = (): unknown => {
  throw Object.assign(new Error("Cannot find module"), { code: "MODULE_NOT_FOUND" });
};
/** What is installed: the addon that was built here, and the package for this platform with its manifest. */
const load = { addon: (): unknown => undefined, package: missing, version: missing };
/** Which files there are. */
let present: readonly string[] = [];
const [builder, checkoutOnly] = ["../../../kernels/build.mjs", "../../../kernels/test/replay.cc"];

vi.mock("../../src/executors/loading.js", async (original) => ({
  ...(await original<typeof import("../../src/executors/loading.js")>()),
  platform: () => ({ system: "linux", processor: "x64" }),
  nodeRequire: () => (file: string) => {
    if (file.endsWith(".node")) return load.addon();
    if (file === "../../../package.json") return { version: "1.2.3" };
    return file === "longspan-linux-x64-gnu" ? load.package() : load.version();
  },
  isFile: (file: string) => present.includes(file),
}));

const { loadNative } = await import("../../src/executors/native/index.js");
const { platformPackage } = await import("../../src/executors/native/find-addon.js");

/** An addon that notes what it was asked to choose. @param speeds what each set reaches in a trial, 0: not tried */
function addonOf(interfaceVersion: number | undefined, speeds: readonly number[] = [0, 0, 0]) {
  const chosen: number[] = [];
  const addon = {
    interfaceVersion,
    instructionSets: () => ["avx512", "avx2", "plain"],
    choose: (set: number) => chosen.push(set),
    speeds: () => speeds,
    compile: () => 0,
  };
  load.addon = () => addon;
  return chosen;
}

beforeEach(() => {
  load.addon = load.package = load.version = missing;
  present = [builder!, checkoutOnly!];
});

test.each([3, 5, undefined])(
  "an addon of other sources is refused, version %s, before it is used",
  (version) => {
    const chosen = addonOf(version);
    expect(loadNative()).toEqual({
      reason: "the addon was built from other sources; run `npm run build`",
    });
    expect(chosen).toEqual([]);
  },
);

test("an addon of these sources is taken, with the instruction set that was asked for", () => {
  const chosen = addonOf(4);
  expect(loadNative("plain").executor?.name).toBe("native");
  expect(chosen).toEqual([2]);
  expect(loadNative("sve")).toEqual({
    reason: 'no instruction set "sve" here; there is avx512, avx2, plain',
    refused: true,
  });
});

test.each<[string, readonly number[], number]>([
  ["the newest is the fastest", [250, 125, 0], 0],
  ["the newest is as fast, but for what trials differ by", [97, 100, 0], 0],
  ["an older one is faster", [72, 100, 0], 1],
  ["there is no choice", [0, 0, 0], 0],
])("the instruction set is the fastest in a trial: %s", (_, speeds, wanted) => {
  const chosen = addonOf(4, speeds);
  const native = loadNative().executor!;
  // Nothing is timed or chosen before there is a program to run.
  expect(chosen).toEqual([]);
  native.kernels.compile(new Int32Array(), new Float64Array());
  expect(chosen).toEqual([wanted]);
  expect(native.kernels.instructionSet).toBe(["avx512", "avx2", "plain"][wanted]);
  expect(chosen).toEqual([wanted]);
  expect(native.trials).toEqual(
    ["avx512", "avx2", "plain"].flatMap((name, i) => (speeds[i] ? [{ name, gflops: speeds[i] }] : [])),
  );
});

test("an addon that is not there, and one that does not load, are told apart", () => {
  expect(loadNative().reason).toBe(
    "the addon was not built, and longspan-linux-x64-gnu is not installed; `npm run build` says why",
  );
  present = [builder!];
  expect(loadNative().reason).toBe(
    "the addon was not built, and longspan-linux-x64-gnu is not installed; `node node_modules/longspan/kernels/install.mjs` says why",
  );
  present = [];
  expect(loadNative().reason).toBe(
    "bundles have no addon; longspan-linux-x64-gnu installed beside them would be one",
  );
  load.addon = () => {
    throw new Error("invalid ELF header\nmore");
  };
  expect(loadNative().reason).toBe("the addon does not load: invalid ELF header");
});

describe("the addon of the package for this platform", () => {
  beforeEach(() => {
    addonOf(4);
    load.package = load.addon;
    load.addon = missing;
    load.version = () => ({ version: "1.2.3" });
    present = [builder!];
  });

  test("is taken, and said", () => {
    expect(loadNative("plain")).toMatchObject({ note: "longspan-linux-x64-gnu 1.2.3" });
  });

  test("comes after one that was built here", () => {
    load.addon = load.package;
    expect(loadNative("plain").note).toBeUndefined();
  });

  test("is refused if it is of another version, by number or by what it exports", () => {
    load.version = () => ({ version: "1.2.4" });
    const reason =
      "longspan-linux-x64-gnu 1.2.4 is of another version than longspan 1.2.3; install the same of both";
    expect(loadNative()).toEqual({ reason });
    load.version = () => ({ version: "1.2.3" });
    addonOf(5);
    load.package = load.addon;
    load.addon = missing;
    expect(loadNative()).toEqual({ reason: reason.replace("1.2.4", "1.2.3") });
  });

  test("is no reason to fail if it does not load", () => {
    load.package = () => {
      throw new Error("version `GLIBC_2.17' not found\nmore");
    };
    expect(loadNative()).toEqual({ reason: "the addon does not load: version `GLIBC_2.17' not found" });
  });
});

test.each([
  ["linux", "arm64", "longspan-linux-arm64-gnu"],
  ["darwin", "arm64", "longspan-darwin-arm64"],
])("the package for %s on %s is called %s, as the release does", (system, processor, name) => {
  expect(platformPackage({ system, processor })).toBe(name);
  expect(platforms.find(({ os, cpu }) => os === system && cpu === processor)?.name).toBe(name);
});
