import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

/**
 * Waits until what earlier tests forgot is collected and has left the statistics of executors. For tests that wait themselves, in which that
 * would happen between two looks at the memory in use.
 */
export async function settled(): Promise<void> {
  // Finalisers run in turns of the event loop after the collection.
  for (let turn = 0; turn < 5; turn++) {
    collect();
    await new Promise((done) => setTimeout(done, 2));
  }
}
