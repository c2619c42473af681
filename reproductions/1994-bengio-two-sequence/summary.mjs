// The results as a table: per length, how many seeds succeeded, and the median of the updates or guesses until then.

export function summary(results) {
  const distinct = (name) => [...new Set(results.map((r) => r[name]))];
  const rows = distinct("informative").flatMap((informative) =>
    distinct("length")
      .sort((a, b) => a - b)
      .map((length) => {
        const of = (by, start) =>
          results.filter(
            (r) => r.informative === informative && r.length === length && r.by === by && r.start === start,
          );
        const ways = [of("descent", "small"), of("descent", "orthogonal"), of("guess")];
        return `| ${informative} | ${length} | ${ways.map(share).join(" | ")} |`;
      }),
  );
  return [
    "| informative steps | length | descent, small start: solved | median updates | orthogonal start: solved | median updates | guessing: solved | median guesses |",
    "| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ...rows,
    "",
  ].join("\n");
}

function share(runs) {
  if (runs.length === 0) return "not run | ";
  const solved = runs.filter((r) => r.solved);
  // Runs without success stand at the end of the order.
  const sorted = runs.map((r) => (r.solved ? r.tries : Number.POSITIVE_INFINITY)).sort((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  const median = (sorted[Math.floor(middle)] + sorted[Math.ceil(middle)]) / 2;
  return `${solved.length} of ${runs.length} | ${Number.isFinite(median) ? median : "no success"}`;
}
