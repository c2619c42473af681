import {
  type ClassifiedTree,
  type TreeClassifierParams,
  type TreeEncoding,
  treeLearner,
  treesRunModel,
} from "longspan";
import { type ClassDetails, confusionHtml, confusionLines } from "../../example-jobs/confusion.js";
import type { ExampleKind } from "../../example-jobs/index.js";
import { readTrees } from "./read.js";
import { type TreesSettings, treesSettings } from "./settings.js";

/** Says which class trees, and their nodes, are of. */
export const treesJob: ExampleKind<TreesSettings, TreeEncoding, ClassifiedTree, TreeClassifierParams> = {
  task: "trees",
  settings: treesSettings,
  one: "tree",
  counted: "node",
  lossUnit: "nats per node with a class",
  measures: [
    { name: "rootAccuracy", words: "root accuracy", as: "share" },
    { name: "nodeAccuracy", words: "all-node accuracy", as: "share" },
  ],
  read: readTrees,
  learner({ cell, hidden, features, dropout, backward }, encoding, own) {
    const model = treesRunModel({ cell, hidden, features, dropout }, encoding, own);
    const learner = treeLearner(model, { backward: { kind: backward } });
    return {
      ...learner,
      async evaluate(params, examples, options) {
        const found = await learner.evaluate(params, examples, options);
        return found && { ...found, details: { labels: encoding.labels, ...found.details } };
      },
    };
  },
  detailLines: (details) => confusionLines(details as ClassDetails),
  sections: (details) => confusionHtml(details as ClassDetails),
};
