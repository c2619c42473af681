import type { LayerFlow } from "longspan";
import { figure } from "./report/scale.js";
import { quoted } from "./run-control.js";
import { counted, whole } from "./run-lines.js";
import type { UpdateSettings } from "./settings/training.js";

/** What advice on a run rests on, besides the report. */
export interface AdvisedRun {
  /** What made it, such as `train text`, and the settings that advice speaks of. */
  readonly command: string;
  readonly settings: Pick<UpdateSettings, "clip" | "lr"> & {
    readonly flow: number | null;
    /** Of an rnn. */
    readonly start?: string;
    readonly radius?: number;
    /** Steps that gradients go back in training; absent where they go back over whole sequences. */
    readonly seq?: number;
  };
  readonly run: string;
  /** Steps of training that the parameters have had; null if that is not known. */
  readonly trained: number | null;
  /** Steps that were looked at. */
  readonly steps: number;
}

/** Steps of training below which parameters say little of what a run will come to. */
const soon = 1000;

/** What the user may do about what is seen in a layer, in the words of the command line; null if there is nothing to put right. */
export function flowAdvice({ verdict, keeps }: LayerFlow, run: AdvisedRun): string | null {
  const { command, settings, steps } = run;
  const { seq, clip, lr, flow, start, radius } = settings;
  switch (verdict.kind) {
    case "vanishing": {
      const reach = verdict.horizon!;
      // Nothing in training asked for more, so that no other cell would have learned it.
      if (seq !== undefined && reach >= seq)
        return `${patience(run)}in training, gradients go back ${counted(seq, "step")} (--seq), and they reach as far as that; to reach farther, train with a longer --seq`;
      const tips = [
        ...(keeps === null ? ["--cell lstm"] : []),
        flow === null ? "--flow 1 (the flow regulariser)" : `a greater --flow than ${flow}`,
        ...(start === "sparse-2013" ? [`a greater --radius than ${radius}`] : []),
      ];
      return `${patience(run)}in a new run, try ${listed(tips)}`;
    }
    case "exploding": {
      const tips = [
        clip === null ? "--clip 1" : `a smaller --clip than ${clip}`,
        `a smaller --lr than ${figure(lr)}`,
        ...(start === "sparse-2013" ? [`a smaller --radius than ${radius}`] : []),
      ];
      return `in a new run, try ${listed(tips)}`;
    }
    case "too short":
      return command === "train text"
        ? `look at more than ${counted(steps, "step")}, with --steps 100`
        : `train on longer sequences${command === "train synthetic" ? ", with a greater --length" : ""}`;
    default:
      return null;
  }
}

/** With little training behind them, parameters are asked about too early. */
function patience({ trained, command, run }: AdvisedRun): string {
  // A synthetic problem may be solved in fewer.
  if (trained === null || trained >= soon || command !== "train text") return "";
  return `these parameters have had ${counted(trained, "step")} of training, so look again after ${whole(soon)} (longspan ${command} --resume --steps ${soon} --out ${quoted(run)}); `;
}

function listed(tips: readonly string[]): string {
  return tips.length === 1 ? tips[0]! : `${tips.slice(0, -1).join(", ")} or ${tips.at(-1)}`;
}
