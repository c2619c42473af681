/**
 * Turns a program into the numbers that the kernels read. A map goes through four passes in this order: `flattenMap` replaces shapes by
 * sizes, `joinPatterns` makes one operation of several, `assignStorage` decides where each value is stored, and `encodeProgram` writes
 * the numbers. kernels/parse.cc reads and checks them.
 */
export { encodeProgram, encodeSchedule } from "./encode.js";
