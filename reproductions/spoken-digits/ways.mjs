// The two ways of teaching a net that reads digits, and of reading what it gives.

import { argmax, crossEntropyMean, ctcBestPath, ctcLossMean, ctcTargets, fromArray, onCpu } from "longspan";

export const ways = {
  /** Classes 1 to 10 are the digits 0 to 9: the strings are known, and not when which digit is said. */
  ctc: {
    classes: 11,
    targets: (strings, frames) =>
      ctcTargets(
        frames,
        strings.map(({ digits }) => digits.map((d) => d + 1)),
      ),
    loss: ctcLossMean,
    read: (logits, frames) => ({
      "best path": ctcBestPath(logits, frames).map((labels) => labels.map((l) => l - 1)),
    }),
  },
  /** Each frame is labelled with the digit that is said in it. Read as runs of one digit, of all lengths or of some frames at least. */
  framewise: {
    classes: 10,
    targets: (strings, frames) =>
      frames.pack(
        fromArray(
          strings.flatMap(({ said }) => said),
          [frames.nodes],
          "int32",
        ),
      ),
    loss: crossEntropyMean,
    read(logits, frames) {
      const best = onCpu(frames.unpack(argmax(logits))).toArray();
      let end = 0;
      const paths = frames.nodesPerSequence().map((n) => {
        end += n;
        return Array.from(best.subarray(end - n, end));
      });
      const atLeast = (least) => paths.map((path) => runsOf(path, least));
      return Object.fromEntries([1, 2, 3, 4, 5, 6, 7, 8].map((n) => [`runs of ${n}`, atLeast(n)]));
    },
  },
};

/** The runs of one class, each as one; those of fewer than `least` frames are dropped before. */
function runsOf(path, least) {
  const runs = [];
  for (const c of path) {
    if (runs.at(-1)?.c === c) runs.at(-1).n += 1;
    else runs.push({ c, n: 1 });
  }
  const kept = runs.filter(({ n }) => n >= least).map(({ c }) => c);
  return kept.filter((c, i) => c !== kept[i - 1]);
}
