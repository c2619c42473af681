import { afterEach, expect, test, vi } from "vitest";

const load = { addon: (): unknown => undefined };

vi.mock("../../src/executors/loading.js", async (original) => ({
  ...(await original<typeof import("../../src/executors/loading.js")>()),
  nodeRequire: () => () => load.addon(),
}));

const { loadNative } = await import("../../src/executors/native/index.js");

/** An addon that notes what it was asked to choose. */
function addonOf(interfaceVersion: number | undefined) {
  const chosen: number[] = [];
  const addon = {
    interfaceVersion,
    instructionSets: () => ["avx2", "baseline"],
    choose: (set: number) => chosen.push(set),
  };
  load.addon = () => addon;
  return chosen;
}

afterEach(() => {
  load.addon = () => undefined;
});

test.each([1, 3, undefined])(
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
  const chosen = addonOf(2);
  expect(loadNative("baseline").executor?.name).toBe("native");
  expect(chosen).toEqual([1]);
  expect(loadNative("sve")).toEqual({
    reason: 'no instruction set "sve" here; there is avx2, baseline',
  });
});

test("an addon that is not there, and one that does not load, are told apart", () => {
  load.addon = () => {
    throw new Error("Cannot find module '../../../build/longspan.node'\nRequire stack: here");
  };
  expect(loadNative().reason).toBe("the addon was not built (no C++ compiler at installation)");
  load.addon = () => {
    throw new Error("invalid ELF header\nmore");
  };
  expect(loadNative().reason).toBe("the addon does not load: invalid ELF header");
});
