// What is trained: on which tasks, which net, and what its loss is.

import {
  add,
  bernoulliCrossEntropySum,
  crossEntropyMean,
  div,
  dynamicMemoryNetwork,
  endToEndMemoryNetwork,
  entityNetwork,
  fromArray,
  mean,
  supervisedMemoryNetwork,
} from "longspan";

const every = Array.from({ length: 20 }, (_, i) => i + 1);

export const arms = {
  // The end-to-end network on all tasks at once, as in the paper: the longest sentence has 11 words.
  joint: joint(11),
  // The place of a word is a share of its own sentence.
  "joint-own": joint(undefined),
  // 30 epochs without a softmax, whatever the loss on questions held out.
  "joint-long": joint(11, 30),
  "joint-own-long": joint(undefined, 30),
  "supervised-1": supervised(1),
  "supervised-2": supervised(2),
  "supervised-3": supervised(3),
  "dynamic-1": dynamic(1),
  "dynamic-2": dynamic(2),
  "dynamic-3": dynamic(3),
  "dynamic-1-labelled": dynamic(1, true),
  "dynamic-2-labelled": dynamic(2, true),
  "dynamic-3-labelled": dynamic(3, true),
  "entity-1": entity(1),
  "entity-2": entity(2),
  "entity-3": entity(3),
};

/** The end-to-end network on all tasks. @param longest J of position encoding; of each sentence by default @param linearEpochs of linear start; until the loss falls no more by default */
function joint(longest, linearEpochs = null) {
  return {
    tasks: every,
    most: 50,
    epochs: 60,
    make(vocabulary) {
      const net = endToEndMemoryNetwork({ vocabulary, width: 50, hops: 3, ...(longest ? { longest } : {}) });
      const logits = (params, stories, softmax) => net.apply(params, stories, { softmax }).output;
      const loss = (params, stories, softmax) =>
        crossEntropyMean(logits(params, stories, softmax), stories.answers);
      return { net, logits, loss, linearStart: true, linearEpochs };
    },
  };
}

/** The supervised network on a task whose answers follow from so many facts. */
function supervised(facts) {
  return {
    tasks: [facts],
    most: undefined,
    epochs: 60,
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

/** The dynamic network on a task whose answers follow from so many facts, an episode for each; with labels, gates are trained to open for them. */
function dynamic(facts, isLabelled = false) {
  return {
    tasks: [facts],
    most: 50,
    epochs: 40,
    make(vocabulary) {
      const net = dynamicMemoryNetwork({ vocabulary, width: 40, episodes: facts });
      return {
        net,
        logits: (params, stories) => net.apply(params, stories).output,
        loss(params, stories) {
          const { output, gates } = net.apply(params, stories);
          const loss = crossEntropyMean(output, stories.answers);
          if (!isLabelled) return loss;
          const labels = labelsOf(stories, facts);
          return add(loss, div(bernoulliCrossEntropySum(gates, labels), stories.supports.length));
        },
        adam: 0.005,
      };
    },
  };
}

/** The entity network on a task; its answers alone say what is right. */
function entity(task) {
  return {
    tasks: [task],
    most: undefined,
    epochs: 100,
    make(vocabulary) {
      const net = entityNetwork({ vocabulary, width: 100, entities: 20 });
      const logits = (params, stories) => net.apply(params, stories).output;
      return {
        net,
        logits,
        loss: (params, stories) => crossEntropyMean(logits(params, stories), stories.answers),
        adam: 0.01,
      };
    },
  };
}

/** 1 where the gate of an episode is to open, [sentences, episodes]. */
function labelsOf({ structure, supports }, episodes) {
  const { begin } = structure.set("sentences");
  const labels = new Float32Array(begin.at(-1) * episodes);
  supports.forEach((own, q) => {
    // A fact that lies too far back is no longer there.
    const first = episodes - own.length;
    for (const [k, s] of own.entries()) labels[(begin[q] + s) * episodes + first + k] = 1;
  });
  return fromArray(labels, [begin.at(-1), episodes]);
}
