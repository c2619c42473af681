/** Whether an edge goes from a node before a multiple of `every` steps to a node at it or beyond. */
export function crosses(clock: Int32Array, from: number, to: number, every: number): boolean {
  return from >= 0 && to >= 0 && Math.floor(clock[from]! / every) < Math.floor(clock[to]! / every);
}
