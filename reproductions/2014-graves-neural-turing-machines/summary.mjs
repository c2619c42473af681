// What the results say, as a table: how often a task was solved, after how many sequences, and what is left beyond the trained lengths.

/** One row for each task and machine, of one run per seed: the longest. */
export function summary(results) {
  const head = [
    "| task | machine | parameters | solved | sequences to success: median (each) | bits at the end, where not solved | beyond: bits wrong per sequence, median (least to most) | NaN |",
    "| --- | --- | --: | --: | --- | --- | --- | --: |",
  ];
  const groups = new Map();
  for (const result of results.filter((r) => isLongest(r, results))) {
    const name = `${result.task} ${result.machine}`;
    groups.set(name, [...(groups.get(name) ?? []), result]);
  }
  return `${[...head, ...[...groups.values()].map(rowOf)].join("\n")}\n`;
}

function isLongest(result, results) {
  const same = (r) => ["task", "machine", "seed"].every((name) => r[name] === result[name]);
  return results.findLast((r) => same(r) && (r.solved || r.most >= result.most)) === result;
}

function rowOf(runs) {
  const [{ task, machine, parameters }] = runs;
  const won = runs.filter(({ solved }) => solved).map(({ sequences }) => sequences);
  const lost = runs.filter(({ solved }) => !solved).map(({ bits }) => bits);
  const sorted = (list) => list.toSorted((a, b) => a - b);
  const cells = [
    task,
    machine,
    parameters,
    `${won.length} of ${runs.length}`,
    won.length === 0 ? "" : `${median(won)} (${sorted(won).join(", ")})`,
    sorted(lost).join(", "),
    beyond(runs),
    runs.filter(({ failure }) => failure !== null).length,
  ];
  return `| ${cells.join(" | ")} |`;
}

/** At each further length, of the runs that solved the task, or of all if none did. */
function beyond(runs) {
  const counted = runs.some(({ solved }) => solved) ? runs.filter(({ solved }) => solved) : runs;
  return runs[0].further
    .map(({ what }, i) => {
      const wrong = counted.map(({ further }) => further[i]?.wrongBits ?? Number.NaN);
      return `${what}: ${median(wrong)} (${Math.min(...wrong)} to ${Math.max(...wrong)})`;
    })
    .join("; ");
}

function median(list) {
  const sorted = list.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const between = sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  return Number(between.toPrecision(4));
}
