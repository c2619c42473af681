// One run: a task with a seed, as JSON on the command line. Prints its result as a line of JSON.

import { tasks } from "./tasks.mjs";

const { task, seed, data } = JSON.parse(process.argv[2]);
const began = performance.now();
const result = await tasks[task].make(data)(seed);
const seconds = Math.round(performance.now() - began) / 1000;
process.stdout.write(`${JSON.stringify({ task, seed, ...result, seconds })}\n`);
