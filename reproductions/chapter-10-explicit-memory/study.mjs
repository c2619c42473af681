// One run, for `run.mjs`: node study.mjs RUN prints its result as a line of JSON.

import { completion, trainedCompletion } from "./completion.mjs";
import { copying } from "./copying.mjs";
import { keeping } from "./keeping.mjs";
import { presentations } from "./presentations.mjs";

const studies = { copying, completion, "learned completion": trainedCompletion, keeping, presentations };

const run = JSON.parse(process.argv[2]);
const begin = performance.now();
const result = await studies[run.study](run);
console.log(JSON.stringify({ ...run, ...result, seconds: Math.round((performance.now() - begin) / 1000) }));
