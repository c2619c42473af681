/**
 * Training on several processes and machines, by MPI.
 *
 * @module longspan-mpi
 */
export * from "./join-mpi.js";
