/**
 * Models from and to the files of other systems.
 *
 * @module longspan-formats
 */
export * from "./keras/index.js";
