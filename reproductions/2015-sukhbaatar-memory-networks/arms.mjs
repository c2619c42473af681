// What is trained: on which tasks, which net, and what its loss is.

import { add, crossEntropyMean, endToEndMemoryNetwork, mean, supervisedMemoryNetwork } from "longspan";

const every = Array.from({ length: 20 }, (_, i) => i + 1);

export const arms = {
  // The end-to-end network on all tasks at once, as in the paper.
  joint: {
    tasks: every,
    most: 50,
    make(vocabulary) {
      const net = endToEndMemoryNetwork({ vocabulary, width: 50, hops: 3 });
      const logits = (params, stories, softmax) => net.apply(params, stories, { softmax }).output;
      const loss = (params, stories, softmax) =>
        crossEntropyMean(logits(params, stories, softmax), stories.answers);
      return { net, logits, loss, linearStart: true };
    },
  },
  "supervised-1": supervised(1),
  "supervised-2": supervised(2),
  "supervised-3": supervised(3),
};

/** The supervised network on a task whose answers follow from so many facts. */
function supervised(facts) {
  return {
    tasks: [facts],
    most: undefined,
    make(vocabulary) {
      const net = supervisedMemoryNetwork({ vocabulary, width: 50, times: 230 });
      return {
        net,
        logits: (params, stories) => net.find(params, stories, facts).output,
        found: (params, stories) => net.find(params, stories, facts).supports,
        loss(params, stories) {
          const { output, loss } = net.apply(params, stories, stories.supports);
          return add(crossEntropyMean(output, stories.answers), mean(loss));
        },
        adam: 0.01,
      };
    },
  };
}
