import { mpiLaunch } from "longspan/node";
import { describe, expect, it } from "vitest";

describe("mpiLaunch", () => {
  it("reads what mpirun of Open MPI and of MPICH set", () => {
    const open = { OMPI_COMM_WORLD_SIZE: "4", OMPI_COMM_WORLD_RANK: "3", OMPI_COMM_WORLD_LOCAL_SIZE: "2" };
    expect(mpiLaunch(open)).toEqual({ library: "openmpi", rank: 3, size: 4, onThisMachine: 2 });
    expect(mpiLaunch({ PMI_SIZE: "8", PMI_RANK: "0" })).toEqual({
      library: "mpich",
      rank: 0,
      size: 8,
      onThisMachine: null,
    });
  });

  it("is null without mpirun, and where a variable is no number", () => {
    expect(mpiLaunch({})).toBeNull();
    expect(mpiLaunch({ PMI_SIZE: "many", PMI_RANK: "0" })).toBeNull();
    expect(mpiLaunch({ PMI_SIZE: "2" })).toBeNull();
  });
});
