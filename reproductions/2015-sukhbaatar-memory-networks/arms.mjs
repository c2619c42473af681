// What is trained: on which tasks, which net, and what its loss is.

import { crossEntropyMean, endToEndMemoryNetwork } from "longspan";

const every = Array.from({ length: 20 }, (_, i) => i + 1);

export const arms = {
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
};
