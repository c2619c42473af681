// The results as a table: what each way of teaching and reading gives, the mean over seeds and each seed.

const rows = [
  ["ctc", "all", "CTC, best path"],
  ["framewise", "all", "framewise, runs as they are"],
  ["framewise", "chosen", "framewise, short runs dropped"],
];
const tests = { takes: "takes", speaker: "a speaker" };

export function summary(results) {
  const steps = Math.max(...results.map((r) => r.steps));
  const lines = Object.entries(tests).flatMap(([unheard, words]) =>
    rows.flatMap(([way, reading, name]) => {
      const found = results
        .filter((r) => r.steps === steps && r.unheard === unheard && r.way === way)
        .toSorted((a, b) => a.seed - b.seed)
        .map((r) => r.readings[reading]);
      if (found.length === 0) return [];
      const of = (measure) => found.map((r) => 100 * r[measure]);
      const mean = (list) => (list.reduce((a, b) => a + b) / list.length).toFixed(2);
      const each = of("error").map((e) => e.toFixed(2));
      return [
        `| ${[words, name, mean(of("error")), each.join(", "), mean(of("withoutRepeats")), mean(of("wrongStrings"))].join(" | ")} |`,
      ];
    }),
  );
  return `${[
    "| not heard | way | label error, % | by seed | where no digit follows itself, % | wrong strings, % |",
    "| --------- | --- | -------------: | ------- | --------------------------------: | ---------------: |",
    ...lines,
  ].join("\n")}\n`;
}
