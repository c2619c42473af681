/**
 * What a run needs of the file system, for Node.js: checkpoints that outlive a kill, metrics, locks.
 *
 * @module longspan/node
 */
import "./index.js";

export * from "./node/index.js";
