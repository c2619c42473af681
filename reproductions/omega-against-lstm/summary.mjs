// The results as two tables: the span solved, and bits per character by the amount of text.

export function summary(results) {
  return [
    table(
      results.filter((r) => r.task === "span"),
      "length",
      (n) => `${n} steps`,
      (runs) => {
        const solved = runs.filter((r) => r.solved).map((r) => r.updates);
        return `${solved.length} of ${runs.length}${solved.length > 0 ? ` (${solved.join(", ")})` : ""}`;
      },
    ),
    table(
      results.filter((r) => r.task === "text"),
      "share",
      (share) => `${100 * share} % of the text`,
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

function table(results, by, named, cell) {
  const distinct = (name) => [...new Set(results.map((r) => r[name]))];
  const arms = distinct("arm");
  if (arms.length === 0) return "";
  const rows = distinct(by)
    .sort((a, b) => a - b)
    .map((value) => {
      const cells = arms.map((arm) => {
        const runs = results.filter((r) => r[by] === value && r.arm === arm);
        return runs.length > 0 ? cell(runs) : "not run";
      });
      return `| ${named(value)} | ${cells.join(" | ")} |`;
    });
  return [`| | ${arms.join(" | ")} |`, `| --- |${" --- |".repeat(arms.length)}`, ...rows, ""].join("\n");
}
