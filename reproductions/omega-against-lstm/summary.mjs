// The results as two tables: the span solved, and bits per character by the amount of text. A row has the setting that was chosen, and
// what the runs took that were not for tuning.

import { best } from "./choose.mjs";
import { arms } from "./setting.mjs";

export function summary(results) {
  return [
    table(
      results,
      "span",
      "length",
      (n) => `${n} steps`,
      "solved, and the updates it took",
      (runs) => {
        const updates = runs.map((r) => (r.solved ? r.updates : "-"));
        return `${runs.filter((r) => r.solved).length} of ${runs.length} (${updates.join(", ")})`;
      },
    ),
    table(
      results,
      "text",
      "share",
      (share) => `${100 * share} %`,
      "bits per character, mean (least to most)",
      (runs) => {
        const bits = runs.map((r) => r.bits);
        const mean = bits.reduce((a, b) => a + b, 0) / bits.length;
        return `${mean.toFixed(3)} (${Math.min(...bits).toFixed(3)} to ${Math.max(...bits).toFixed(3)}, ${bits.length} seeds)`;
      },
    ),
  ]
    .filter(Boolean)
    .join("\n");
}

function table(results, task, by, named, head, cell) {
  const own = results.filter((r) => r.task === task);
  const values = [...new Set(own.map((r) => r[by]))].sort((a, b) => a - b);
  const rows = values.flatMap((value) =>
    Object.keys(arms).flatMap((arm) => {
      const setting = best(own, { task, arm, [by]: value });
      if (setting === null) return [];
      const { rate, weight } = setting;
      const runs = own.filter(
        (r) => r[by] === value && r.arm === arm && r.rate === rate && r.weight === weight && r.seed < 100,
      );
      const measured = runs.length > 0 ? cell(runs) : "not run";
      return [`| ${named(value)} | ${arm} | ${rate} | ${weight ?? ""} | ${measured} |`];
    }),
  );
  if (rows.length === 0) return "";
  return [`| | arm | rate | weight | ${head} |`, "| ---: | --- | ---: | ---: | --- |", ...rows, ""].join(
    "\n",
  );
}
