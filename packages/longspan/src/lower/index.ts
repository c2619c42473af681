/**
 * From a program to what the kernels are given. A map goes through four passes, in this order: `flattenMap` takes shapes out of
 * it, `joinPatterns` makes one operation of several, `assignStorage` decides where each value lies, and `encodeProgram` writes
 * the numbers. kernels/parse.cc reads them, and checks each.
 */
export { encodeProgram, encodeSchedule } from "./encode.js";
