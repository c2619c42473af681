import { matmul, type Shape, type Value } from "longspan/engine";

/** A function of values that a cell can hold: enrolled here, it is tried with operands of every scope on every executor. */
export interface OpRow {
  readonly name: string;
  readonly shapes: readonly Shape[];
  readonly f: (...operands: readonly Value[]) => Value;
}

/** The rows. What they give is made of one type, that of the operands. */
export const opRows: readonly OpRow[] = [
  { name: "matrix times vector", shapes: [[3, 4], [4]], f: (m, v) => matmul(m!, v!) },
  { name: "vector times matrix", shapes: [[3], [3, 4]], f: (v, m) => matmul(v!, m!) },
  { name: "vector times vector", shapes: [[3], [3]], f: (v, w) => matmul(v!, w!) },
  {
    name: "matrix times matrix",
    shapes: [
      [2, 3],
      [3, 2],
    ],
    f: (a, b) => matmul(a!, b!),
  },
  { name: "stack times vector", shapes: [[2, 3, 2], [2]], f: (m, v) => matmul(m!, v!) },
  { name: "vector times stack", shapes: [[3], [2, 3, 2]], f: (v, m) => matmul(v!, m!) },
  {
    name: "stack times matrix",
    shapes: [
      [2, 2, 3],
      [3, 2],
    ],
    f: (a, b) => matmul(a!, b!),
  },
  {
    name: "matrix times stack",
    shapes: [
      [2, 3],
      [2, 3, 2],
    ],
    f: (a, b) => matmul(a!, b!),
  },
  {
    name: "stacks that broadcast",
    shapes: [
      [2, 1, 1, 2],
      [1, 2, 2, 1],
    ],
    f: (a, b) => matmul(a!, b!),
  },
];
