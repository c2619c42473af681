// The net that points, and sources as it reads them.

import { additiveAddressing, fromArray, lstm, pointerNetwork, recurrent, scope } from "longspan";

export const hidden = 128;

/** @param problem of an arm */
export function modelOf(problem) {
  return pointerNetwork({
    encoder: recurrent(lstm({ input: problem.input, hidden })),
    cell: lstm,
    hidden,
    addressing: additiveAddressing({ size: hidden }),
  });
}

/** Sources of a key and a number, with what the net is told. */
export function sample(problem, key, number, count) {
  const { source, target, answers } = problem.sample(key, number, count);
  return {
    source: { x: fromArray(source.x, [source.structure.nodes, problem.input]), structure: source.structure },
    targets: {
      members: fromArray(target.members, [target.members.length], "int32"),
      structure: target.structure,
    },
    /** For each source, its rows one by one: the numbers of each member. */
    members: Array.from({ length: count }, (_, s) =>
      Array.from(source.structure.rowsOf(s), (row) =>
        Array.from(source.x.subarray(row * problem.input, (row + 1) * problem.input)),
      ),
    ),
    answers: answers.map((answer) => [...answer]),
  };
}

/** What a net points to, of sources of a key: { pointed, answer, members } of each. It takes the most probable member each time. */
export function pointedOf(problem, model, params, key, count) {
  const most = 500;
  return Array.from({ length: count / most }, (_, number) =>
    scope(() => {
      const { source, answers, members } = sample(problem, key, number, most);
      const lengths = source.structure.nodesPerSequence().map((n) => problem.length(n));
      return model.greedy(params, source, lengths).map(({ members: pointed }, s) => ({
        pointed: [...pointed],
        answer: answers[s],
        members: members[s],
      }));
    }),
  ).flat();
}
