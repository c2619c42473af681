import { check, checkSettings, oneOf, size } from "../../check/index.js";
import type { AnyCell } from "../cells/table.js";
import { type MachineName, type MachineSizes, machineTable } from "./table.js";

/**
 * A cell with a memory by its name, with its usual settings.
 *
 * @param name one of the names of `machineTable`
 * @throws RangeError if there is no such machine
 * @example
 * namedMachine("ntm", { input: 3, hidden: 4, rows: 16, width: 5 }).state.memory // [ 16, 5 ]
 */
export function namedMachine(name: MachineName, sizes: MachineSizes): AnyCell {
  check("namedMachine", "name", name, oneOf(...Object.keys(machineTable)));
  return machineTable[name].make(
    checkSettings("namedMachine", sizes, { input: size, hidden: size, rows: size, width: size }),
  );
}
