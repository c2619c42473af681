/**
 * Runs in a page: opened from the address of their folder, used in a worker.
 *
 * @module longspan/web
 */
import "./index.js";

export * from "./web/index.js";
