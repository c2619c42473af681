// Part of every browser and of Node.js, but of no ECMAScript library file.
declare const setTimeout: (f: () => void, milliseconds: number) => unknown;
declare const performance: { now(): number };

/** How long work goes on before it gives way, in milliseconds. */
const longest = 50;

/** Lets timers, input and output have their turn; by default with a timer of no delay. */
export type Pause = () => Promise<void>;

/** Milliseconds since some moment. */
export function clock(): number {
  return performance.now();
}

/** A function to await between pieces of work: it pauses if the last pause was 50 ms ago or more. */
export function pacer(pause: Pause = nextTurn): Pause {
  let last = clock();
  return async () => {
    if (clock() - last < longest) return;
    await pause();
    last = clock();
  };
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, 0);
  });
}
