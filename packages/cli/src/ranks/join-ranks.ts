import { mpiLaunch } from "longspan/node";
import type { Ranks } from "./ranks.js";

/** One process. */
const alone: Ranks = {
  isFirst: true,
  size: 1,
  all: async (work) => await work(),
  ofFirst: async (work) => await work(),
  async training(work, explain) {
    try {
      return await work();
    } catch (error) {
      throw explain(error);
    }
  },
  close: async () => {},
};

/** The processes that mpirun has started; by default, this one alone, for which nothing is loaded. */
export async function joinRanks(): Promise<Ranks> {
  const launch = mpiLaunch();
  if (launch === null || launch.size === 1) return alone;
  const { mpiRanks } = await import("./mpi-ranks.js");
  return await mpiRanks(launch);
}
