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
    "| task | length | arm | solved | updates | cg steps an update | thousand gradients of a sequence | updates with negative curvature |",
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
  const negative = arm === "sgd" ? "" : each((r) => r.negativeCurvature);
  const updates = each((r) => (r.solved ? r.updates : `none in ${r.updates}`));
  return `| ${task} | ${length} | ${arm} | ${solved} of ${last.length} | ${updates} | ${cg} | ${each((r) => r.gradients)} | ${negative} |`;
}

/** The runs of `batches.mjs` as a table: a line per batch. */
export function batchSummary(results) {
  const sizes = [...new Set(results.map((r) => r.setting.batch))].sort((a, b) => a - b);
  const rows = sizes.map((batch) => {
    const runs = results.filter((r) => r.setting.batch === batch).sort((a, b) => a.seed - b.seed);
    const each = (of) => runs.map(of).join(", ");
    const solved = runs.filter((r) => r.solved).length;
    const updates = (r) =>
      r.solved ? r.updates : `${r.diverged ? "diverged after" : "none in"} ${r.updates}`;
    return `| ${batch} | ${runs[0].setting.curvature} | ${solved} of ${runs.length} | ${each(updates)} | ${each((r) => Math.round(r.gradients))} | ${each((r) => r.wrongShare)} |`;
  });
  return [
    "| sequences | of them for curvature | solved | updates | thousand gradients of a sequence | share wrong at the end |",
    "| ---: | ---: | ---: | ---: | ---: | ---: |",
    ...rows,
    "",
  ].join("\n");
}
