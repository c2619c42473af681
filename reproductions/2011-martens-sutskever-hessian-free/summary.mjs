// The results as a table: a line per task, length and arm, with what each seed took.

export function summary(results) {
  const of = (name) => [...new Set(results.map((r) => r[name]))];
  const rows = of("task").flatMap((task) =>
    of("length")
      .sort((a, b) => a - b)
      .flatMap((length) =>
        of("arm").flatMap((arm) => {
          const runs = results.filter((r) => r.task === task && r.length === length && r.arm === arm);
          return runs.length === 0 ? [] : [row(task, length, arm, runs)];
        }),
      ),
  );
  const head = [
    "| task | length | arm | solved | updates | cg steps an update | thousand gradients of a sequence | s |",
    "| --- | -----: | --- | -----: | ------: | -----: | -----: | -----: |",
  ];
  return `${[...head, ...rows].join("\n")}\n`;
}

function row(task, length, arm, runs) {
  // A run that was taken further counts once, with its most updates.
  const bySeed = new Map(runs.toSorted((a, b) => a.updates - b.updates).map((run) => [run.seed, run]));
  const last = [...bySeed.values()].sort((a, b) => a.seed - b.seed);
  const solved = last.filter((run) => run.solved).length;
  const each = (f) => last.map(f).join(", ");
  const cg = arm === "sgd" ? "" : each((r) => Math.round(r.cgSteps / r.updates));
  const updates = each((r) => (r.solved ? r.updates : `none in ${r.updates}`));
  return `| ${task} | ${length} | ${arm} | ${solved} of ${last.length} | ${updates} | ${cg} | ${each((r) => r.gradients)} | ${each((r) => r.seconds)} |`;
}
