// One task on all sides that have it: results are compared, then the sides take turns.

import { difference } from "./compare.mjs";
import { flops, task } from "./jobs.mjs";
import { interleaved } from "./rounds.mjs";
import { ratioOf } from "./table.mjs";
import { median } from "./timing.mjs";

/** @returns a row for each side; the first side's results are what the others' are compared with */
export async function measure(name, shape, sides, rounds) {
  const given = task(name, shape);
  const present = [];
  let reference = null;
  for (const side of sides) {
    const subject = await side.prepare(given);
    if (!subject) continue;
    const results = await subject.results();
    const gap = reference ? difference(reference, results, `${side.name}, ${name}`) : undefined;
    reference ??= results;
    present.push({ side, subject, gap });
  }
  reference = null;
  const subjects = present.map((p) => p.subject);
  const times = await interleaved(subjects, rounds);
  for (const subject of subjects) await subject.dispose();
  return present.map(({ side, gap }, i) => {
    const row = {
      job: name,
      shape,
      side: side.name,
      threads: side.threads,
      gflops: flops(given.job, shape) / median(times[i]) / 1e6,
      times: times[i],
      difference: gap,
    };
    const ours = present.findIndex(({ side: other }) => isOpponent(side, other));
    if (ours < 0) return row;
    return { ...row, against: present[ours].side.name, ratio: ratioOf(times[i], times[ours]) };
  });
}

/** A peer is set beside the first of our executors that has as many threads, or beside the one that it names. */
function isOpponent(peer, other) {
  if (peer.ours || !other.ours || other.threads !== peer.threads) return false;
  return peer.against === undefined || peer.against === other.name;
}
