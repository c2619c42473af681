// The results as tables.

const percent = (share) => (100 * share).toFixed(1);
const published = [
  0, 11.4, 21.9, 13.4, 14.4, 2.8, 18.3, 9.3, 1.9, 6.5, 0.3, 0.1, 0.2, 6.9, 0, 2.7, 40.4, 9.4, 88, 0,
];

/** A row per run; and a row per task, of the joint nets: the run whose loss in training is the lowest, and the middle one of each task. */
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
  const whole = ["joint", "joint-long", "joint-own", "joint-own-long"].flatMap((arm) => {
    const own = all.filter((run) => run.arm === arm && run.epochs === run.of);
    return own.length === 0 ? [] : [{ arm, own, best: own.reduce((a, b) => (b.loss < a.loss ? b : a)) }];
  });
  if (whole.length === 0) return `${runs.join("\n")}\n`;
  const cells = (of) =>
    whole.map(({ own, best }) => `${percent(of(best))} | ${percent(middle(own.map(of)))} |`).join(" ");
  const tasks = [
    `| task | published, % wrong | ${whole.map(({ arm }) => `${arm}: best by loss | ${arm}: median |`).join(" ")}`,
    `| ---: | -----------------: | ${whole.map(() => "-----------: | -----: |").join(" ")}`,
    ...published.map((wrong, t) => `| ${t + 1} | ${wrong.toFixed(1)} | ${cells(({ errors }) => errors[t])}`),
    `| mean | 12.4 | ${cells(({ mean }) => mean)}`,
  ];
  return `${runs.join("\n")}\n\n${tasks.join("\n")}\n`;
}

function middle(numbers) {
  const sorted = numbers.toSorted((a, b) => a - b);
  const half = sorted.length / 2;
  return (sorted[Math.ceil(half) - 1] + sorted[Math.floor(half)]) / 2;
}
