import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { mpiEnvironment, mpiruns } from "../../cli/test/mpirun.js";

const program = fileURLToPath(new URL("programs/sums.mjs", import.meta.url));

// Skipped where no MPI is installed: there is nothing to run it with.
describe.skipIf(mpiruns.length === 0).each(mpiruns)("the collective of %s", (mpirun) => {
  it.each([2, 3])("sums in the order of %i ranks, gathers, and leaves the event loop alive", (ranks) => {
    const { stdout, stderr, status } = spawnSync(mpirun, ["-n", String(ranks), process.execPath, program], {
      encoding: "utf8",
      env: mpiEnvironment,
      timeout: 60_000,
    });
    expect([stderr, status]).toEqual(["", 0]);
    const all = Array.from({ length: ranks }, (_, rank) => rank);
    expect(JSON.parse(stdout)).toEqual({
      size: ranks,
      library: expect.stringMatching(/^(Open MPI|MPICH)/),
      right: true,
      small: [all.reduce((sum, rank) => sum + rank + 0.5, 0), ranks],
      texts: all.map((rank) => "x".repeat(rank) + rank),
      sameBits: true,
      empty: all.map(() => 0),
      alive: true,
    });
  });
});

it("says what to do where mpirun is of a library that the processes do not find", () => {
  if (mpiruns.length === 0) return;
  // As if another mpirun had started three processes, none of which finds the others.
  const { stderr } = spawnSync(process.execPath, [program], {
    encoding: "utf8",
    env: { ...mpiEnvironment, PMI_SIZE: "3", PMI_RANK: "0" },
    timeout: 60_000,
  });
  const built = mpiruns.includes("mpirun.mpich");
  expect(stderr).toContain(
    built
      ? "MpiError: longspan-mpi: mpirun has started 3 processes, and each finds 1: they do not find each other, as when mpirun is not that of the MPICH that longspan-mpi was built with; use its mpirun, or run npm rebuild longspan-mpi\n"
      : "MpiError: longspan-mpi: mpirun is that of MPICH, and the addon was not built for it; install its headers (such as libmpich-dev) and a C++ compiler, then run npm rebuild longspan-mpi\n",
  );
});
