// Loaded before the command: a disk on which no checkpoint has room any more after the first.
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";

const { openSync, writeSync } = fs;
const checkpoints = new Set();
let made = 0;
fs.openSync = (path, ...rest) => {
  const file = openSync(path, ...rest);
  if (/\.checkpoint-[^/]*\.tmp$/.test(String(path)) && ++made > 1) checkpoints.add(file);
  else checkpoints.delete(file);
  return file;
};
fs.writeSync = (file, ...rest) => {
  if (!checkpoints.has(file)) return writeSync(file, ...rest);
  throw Object.assign(new Error("ENOSPC: no space left on device, write"), {
    errno: -28,
    code: "ENOSPC",
    syscall: "write",
  });
};
syncBuiltinESMExports();
