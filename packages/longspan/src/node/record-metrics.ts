import { checkSettings, having, optional } from "../check/index.js";
import type { TrainCallback } from "../train/index.js";
import type { JsonLinesFile } from "./json-lines-file.js";
import type { TensorBoardFile } from "./tensor-board-file.js";

/** Where metrics go. */
export interface MetricsFiles {
  readonly lines?: JsonLinesFile;
  readonly board?: TensorBoardFile;
}

/**
 * For `train`: writes each report, validation and explosion to a file of JSON lines, an event file for TensorBoard, or both. The
 * files stay open; who opened them closes them.
 *
 * @example
 * const { mkdtempSync } = await import("node:fs");
 * const { tmpdir } = await import("node:os");
 * const folder = mkdtempSync(`${tmpdir()}/longspan-metrics-example-`);
 * const [lines, board] = [jsonLinesFile(`${folder}/metrics.jsonl`), tensorBoardFile(folder)];
 * const model = languageModel({ vocabulary: 65, features: 8, hidden: 16 });
 * const task = textTask(model, textStreams(new Int32Array(2000), { streams: 4, steps: 16 }));
 * const optimiser = adam();
 * await train(task, startTraining(task, optimiser, model.init(Key.of(1))), {
 *   optimiser,
 *   budget: { steps: 5 },
 *   key: Key.of(2),
 *   callbacks: [recordMetrics({ lines, board })],
 * });
 * lines.close();
 * board.close();
 */
export function recordMetrics(files: MetricsFiles): TrainCallback<unknown, unknown, unknown> {
  const { lines, board } = checkSettings("recordMetrics", files, {
    lines: optional(having("a file, such as jsonLinesFile(path)", "add")),
    board: optional(having("a file, such as tensorBoardFile(folder)", "add")),
  });
  return {
    onReport({ state, seconds: _, predictions, ...report }) {
      const { step, loss, learningRate, gradientNorm } = report;
      lines?.add({ event: "report", ...report, seconds: state.history.seconds, predictions });
      board?.add(step, {
        "loss/training": loss,
        "gradient norm": gradientNorm,
        ...(learningRate === undefined ? {} : { "learning rate": learningRate }),
      });
    },
    onValidation({ step, loss, best }) {
      lines?.add({ event: "validation", step, loss, best });
      board?.add(step, { "loss/held out": loss });
    },
    onExplosion({ step, batch, action, norm, gradients }) {
      const parameters = gradients.filter((g) => g.first !== null).map((g) => g.path);
      lines?.add({ event: "explosion", step, batch, action, norm, parameters });
    },
  };
}
