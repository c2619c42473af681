import { afterEach, expect, test, vi } from "vitest";

const load = { addon: (): unknown => undefined };
let inCheckout = true;

vi.mock("../../src/executors/loading.js", async (original) => ({
  ...(await original<typeof import("../../src/executors/loading.js")>()),
  nodeRequire: () => () => load.addon(),
  isFile: (file: string) => inCheckout && file === "../../../kernels/build.mjs",
}));

const { loadNative } = await import("../../src/executors/native/index.js");

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

afterEach(() => {
  load.addon = () => undefined;
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
  load.addon = () => {
    throw Object.assign(new Error("Cannot find module"), { code: "MODULE_NOT_FOUND" });
  };
  expect(loadNative().reason).toBe("the addon was not built; `npm run build` says why");
  inCheckout = false;
  expect(loadNative().reason).toBe(
    "packages and bundles have no addon; a checkout of longspan's repository builds one",
  );
  inCheckout = true;
  load.addon = () => {
    throw new Error("invalid ELF header\nmore");
  };
  expect(loadNative().reason).toBe("the addon does not load: invalid ELF header");
});
