// The results as a table: a row per net, the median over seeds for each clip.

const words = {
  rnn: "simple recurrent net, 30 units",
  lstm: "LSTM, 15 units",
  clockwork: "clockwork, 9 groups of 4 units",
};
const published = { rnn: ".46", lstm: ".04", clockwork: ".007" };

/** Of a list of numbers. */
const median = (list) => {
  const sorted = list.toSorted((a, b) => a - b);
  const at = (sorted.length - 1) / 2;
  return (sorted[Math.floor(at)] + sorted[Math.ceil(at)]) / 2;
};
const shown = (nmse) => (nmse < 0.001 ? nmse.toExponential(1) : nmse.toPrecision(2));

export function summary(results) {
  const clips = [...new Set(results.map(({ arm }) => arm.split(".")[1]))];
  const rows = Object.keys(words).flatMap((net) => {
    const all = results.filter(({ arm }) => arm.startsWith(`${net}.`));
    if (all.length === 0) return [];
    const of = (clip) => all.filter(({ arm }) => arm.endsWith(`.${clip}`)).map(({ nmse }) => nmse);
    const each = clips.map((clip) => (of(clip).length > 0 ? shown(median(of(clip))) : ""));
    const whole = shown(median(all.map(({ nmse }) => nmse)));
    return [
      `| ${[words[net], all[0].parameters, ...each, `${whole} (${all.length} runs)`, published[net]].join(" | ")} |`,
    ];
  });
  return `${[
    `| net | parameters | ${clips.join(" | ")} | median of all | published |`,
    `| --- | ---: | ${clips.map(() => "---:").join(" | ")} | ---: | ---: |`,
    ...rows,
  ].join("\n")}\n`;
}

/** What is shown of one run when it ends. */
export const table = { head: [], row: ({ steps, nmse }) => `${steps} steps, NMSE ${nmse}` };
