import { binaryCodes, unaryCodes } from "../../program/opcodes.js";

/** Functions of double precision come from the table of codes: the kernels have no library of their own. */
const functions = Object.fromEntries(
  [...Object.entries(unaryCodes), ...Object.entries(binaryCodes)].map(([name, row]) => [name, row.of]),
);

/** What a module is given when it starts. */
export type Imports = Record<string, Record<string, unknown>>;

/** @param startThreads is called while a run waits: it starts workers until there are so many */
export function importsWith(memory: object, startThreads: (count: number) => void): Imports {
  return { env: { ...functions, memory, startThreads } };
}
