// The tables of README.md, from the results.

import { expected, learnedMembers, maskedShares, members } from "./completion.mjs";
import { lags } from "./keeping.mjs";
import { counts } from "./presentations.mjs";

export function summary(results) {
  const of = (study) => results.filter((r) => r.study === study);
  return [
    copied(of("copying")),
    completed(of("completion"), of("learned completion")),
    kept(of("keeping")),
    presented(of("presentations")),
  ].join("\n\n");
}

function copied(results) {
  return table(
    ["seed", "updates", "lists copied wrongly", "from one write", "steps before"],
    results.flatMap(({ seed, seen }) =>
      seen.map(({ steps, wrong, fromOneWrite, lags: ago }) => [
        seed,
        steps,
        percent(wrong),
        percent(fromOneWrite),
        ago.length > 4 ? `${ago[0]} to ${ago.at(-1)}` : ago.join(", "),
      ]),
    ),
  );
}

function completed(byHand, learned) {
  const row = (name, accuracies) => [name, ...accuracies.map(percent)];
  const expectedOf = (width, count) => maskedShares.map((masked) => expected(width, masked, count));
  const widths = [...new Set(learned.map(({ width }) => width))];
  return table(
    ["masked", ...maskedShares.map(percent)],
    [
      ...byHand.flatMap(({ width, accuracies }) => [
        row(`${members} vectors of ${width}`, accuracies),
        row("expected", expectedOf(width, members)),
      ]),
      ...widths.flatMap((width) => [
        ...learned
          .filter((r) => r.width === width)
          .map(({ seed, accuracies }) =>
            row(`learned: ${learnedMembers} of ${width}, seed ${seed}`, accuracies),
          ),
        row("expected", expectedOf(width, learnedMembers)),
      ]),
    ],
  );
}

function kept(results) {
  return table(
    ["lag", ...lags],
    results.flatMap(({ cell, values }) => [
      [`${cell}, greatest`, ...values.map(([most]) => short(most))],
      [`${cell}, least`, ...values.map(([, least]) => short(least))],
    ]),
  );
}

function presented(results) {
  const names = [...new Set(results.map(nameOf))];
  return table(
    ["facts", ...counts],
    names.map((name) => {
      const own = results.filter((r) => nameOf(r) === name);
      return [
        name,
        ...counts.map((_, k) => {
          const passes = own.map((r) => r.passes[k]);
          if (passes.includes(null)) return "not all";
          return short(passes.reduce((a, b) => a + b, 0) / passes.length);
        }),
      ];
    }),
  );
}

export function nameOf({ store, rate }) {
  return store === "memory" ? "memory, one write each" : `weights, ${store} at ${rate}`;
}

function table(head, rows) {
  const line = (cells) => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map((_, k) => (k === 0 ? "---" : "---:"))), ...rows.map(line)].join("\n");
}

function percent(share) {
  return `${Number((100 * share).toFixed(1))} %`;
}

function short(x) {
  return String(Number(x.toPrecision(2)));
}
