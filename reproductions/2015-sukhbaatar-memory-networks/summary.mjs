// The results as tables.

const percent = (share) => (100 * share).toFixed(1);
const published = [
  0, 11.4, 21.9, 13.4, 14.4, 2.8, 18.3, 9.3, 1.9, 6.5, 0.3, 0.1, 0.2, 6.9, 0, 2.7, 40.4, 9.4, 88, 0,
];

/** A row per run, and one per task of the joint net: the run whose loss in training is the lowest, and the middle run of each task. */
export function summary(results) {
  const furthest = new Map(
    results
      .toSorted((a, b) => a.epochs - b.epochs)
      .map((result) => [`${result.arm} ${result.seed} ${result.of}`, result]),
  );
  const all = [...furthest.values()].sort((a, b) =>
    a.arm === b.arm ? a.seed - b.seed || a.of - b.of : a.arm < b.arm ? -1 : 1,
  );
  const runs = [
    "| arm | seed | epochs | loss in training | held out, % wrong | test, % wrong | minutes |",
    "| --- | ---: | -----: | ---------------: | ----------------: | ------------: | ------: |",
    ...all.map(
      ({ arm, seed, epochs, of, loss, heldOut, mean, minutes }) =>
        `| ${arm} | ${seed} | ${epochs}${epochs < of ? ` of ${of}` : ""} | ${loss.toFixed(3)} | ${percent(heldOut)} | ${percent(mean)} | ${minutes.toFixed(1)} |`,
    ),
  ];
  const joint = all.filter(({ arm, epochs, of }) => arm === "joint" && epochs === of);
  if (joint.length === 0) return `${runs.join("\n")}\n`;
  const best = joint.reduce((a, b) => (b.loss < a.loss ? b : a));
  const middle = (numbers) => {
    const sorted = numbers.toSorted((a, b) => a - b);
    const half = sorted.length / 2;
    return (sorted[Math.ceil(half) - 1] + sorted[Math.floor(half)]) / 2;
  };
  const tasks = [
    "| task | published, % wrong | best of the runs by loss | median of the runs |",
    "| ---: | -----------------: | -----------------------: | -----------------: |",
    ...published.map(
      (own, t) =>
        `| ${t + 1} | ${own.toFixed(1)} | ${percent(best.errors[t])} | ${percent(middle(joint.map(({ errors }) => errors[t])))} |`,
    ),
    `| mean | 12.4 | ${percent(best.mean)} | ${percent(middle(joint.map(({ mean }) => mean)))} |`,
  ];
  return `${runs.join("\n")}\n\n${tasks.join("\n")}\n`;
}
