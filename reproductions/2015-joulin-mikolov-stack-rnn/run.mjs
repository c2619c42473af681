// All runs of the experiment; README.md says what the options mean.

import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { carryOut, numbers, readResults, words } from "../runs.mjs";
import { figure } from "./figure.mjs";
import { names } from "./languages.mjs";
import { netNames } from "./net.mjs";
import { summary } from "./summary.mjs";

const { values } = parseArgs({
  options: {
    languages: { type: "string", default: names.join(",") },
    nets: { type: "string", default: netNames.join(",") },
    seeds: { type: "string", default: "1,2,3,4,5,6,7,8,9,10" },
    jobs: { type: "string", default: "1" },
    results: { type: "string", default: fileURLToPath(new URL("results.jsonl", import.meta.url)) },
    figure: { type: "string" },
  },
});

const languages = words("languages", values.languages, names);
const nets = words("nets", values.nets, netNames);
const seeds = numbers("seeds", values.seeds, 0);
const [jobs] = numbers("jobs", values.jobs, 1);

await carryOut({
  runs: seeds.flatMap((seed) =>
    nets.flatMap((net) => languages.map((language) => ({ language, net, seed }))),
  ),
  program: new URL("train.mjs", import.meta.url),
  file: values.results,
  covers: (result, run) => Object.keys(run).every((name) => result[name] === run[name]),
  tell: ({ language, net, seed }, { mixed, rounded, updates, seconds }) =>
    `${language}, ${net}, seed ${seed}: ${mixed.share} % of the n${rounded ? `, with rounding ${rounded.share} %` : ""}; ${updates} updates, ${seconds} s`,
  jobs,
});
const results = readResults(values.results);
process.stdout.write(summary(results));
if (values.figure) writeFileSync(values.figure, figure(results));
