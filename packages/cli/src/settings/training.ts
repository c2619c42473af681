import { choice } from "./choice.js";
import { hessianFreeSettings } from "./hessian-free.js";
import {
  anyInteger,
  flag,
  integer,
  notNegative,
  optional,
  orNone,
  positive,
  rate,
  share,
  text,
} from "./kinds.js";
import { type Dependent, type Setting, setting, type Table, type ValuesOf } from "./setting.js";

const optimizers = [
  "sgd",
  "momentum",
  "nesterov",
  "nesterov-2013",
  "rmsprop",
  "adagrad",
  "adam",
  "adamw",
  "hessian-free",
] as const;
const schedules = ["constant", "linear", "step", "cosine", "inverse-time", "plateau"] as const;

/** How long a run lasts. @param usual minutes by default */
export const budgetOf = (usual: number) =>
  ({
    steps: setting(optional(integer(1)), {
      group: "training",
      help: "train for so many steps",
      default: null,
      conflictsWith: "minutes",
    }),
    minutes: setting(optional(positive), {
      group: "training",
      first: 2,
      help: "train for so many minutes",
      default: { on: "steps", values: { none: usual }, otherwise: null },
      defaultText: `${usual}, if --steps is not given either`,
      conflictsWith: "steps",
    }),
  }) satisfies Table;

/** How long a run lasts that nothing else is known of. */
export const budgetSettings = budgetOf(10);

/** The learning rate. @param usual the default of optimisers that have none of their own */
export function learningRate(usual: number | Dependent<number>): Setting<number> {
  return setting(positive, {
    group: "training",
    help: "highest learning rate",
    default: {
      on: "optimizer",
      values: {
        sgd: 1,
        momentum: 0.1,
        nesterov: 0.1,
        "nesterov-2013": 0.01,
        adagrad: 0.05,
        "hessian-free": 1,
      },
      otherwise: usual,
    },
    placeholder: "<rate>",
  });
}

/** What is made of gradients, and what else every training has. */
export const updateSettings = {
  lr: learningRate(4e-3),
  earlyStop: setting(orNone(integer(1)), {
    group: "training",
    help: "validations without improvement until training ends",
    default: null,
  }),
  seed: setting(anyInteger, { group: "training", help: "of all random numbers", default: 1 }),
  optimizer: setting(choice(optimizers), { group: "training", help: "the update rule", default: "adam" }),
  beta2: setting(rate, {
    group: "training",
    help: "how much of the mean of squared gradients is kept at a step",
    default: 0.999,
    before: 0.999,
    placeholder: "<share>",
    needs: { setting: "optimizer", oneOf: ["adam", "adamw"] },
  }),
  clip: setting(orNone(positive), {
    group: "training",
    help: "longest gradient, all parameters taken together: longer ones are scaled down",
    default: { on: "optimizer", values: { "hessian-free": null }, otherwise: 1 },
    placeholder: "<norm>",
  }),
  weightDecay: setting(notNegative, {
    group: "training",
    help: "share of each parameter taken away per step, times the learning rate",
    default: { on: "optimizer", values: { adamw: 0.01 }, otherwise: 0 },
  }),
  schedule: setting(choice(schedules), {
    group: "training",
    help: "how the learning rate goes on after the warm-up",
    default: { on: "optimizer", values: { "hessian-free": "constant" }, otherwise: "linear" },
  }),
  warmUp: setting(integer(0), {
    group: "training",
    help: "steps over which the learning rate rises",
    default: { on: "optimizer", values: { "hessian-free": 0 }, otherwise: 50 },
    placeholder: "<steps>",
  }),
  onExplosion: setting(choice(["random", "skip", "stop"]), {
    group: "training",
    help: "what is done about an exploded gradient: a random step, no step, or the end",
    default: "stop",
    placeholder: "<policy>",
  }),
  backward: setting(choice(["full", "checkpointed"]), {
    group: "training",
    help: "how gradients are computed: checkpointed takes less memory and more time",
    default: "full",
    placeholder: "<mode>",
  }),
  clipGroup: setting(orNone(positive), {
    group: "training",
    help: "longest gradient of each parameter by itself",
    default: null,
    placeholder: "<norm>",
  }),
  clipValue: setting(orNone(positive), {
    group: "training",
    help: "largest element of the gradient",
    default: null,
    placeholder: "<v>",
  }),
  explosionNorm: setting(orNone(positive), {
    group: "training",
    help: "longer gradients count as exploded; those that are not finite always do",
    default: null,
    placeholder: "<norm>",
  }),
  scheduleFactor: setting(share, {
    group: "training",
    help: "what the learning rate is multiplied by when it falls",
    default: 0.5,
    needs: { setting: "schedule", oneOf: ["step", "plateau"] },
  }),
  scheduleEvery: setting(integer(1), {
    group: "training",
    help: "step: steps between two falls; inverse-time: steps until half the rate",
    default: 1000,
    placeholder: "<steps>",
    needs: { setting: "schedule", oneOf: ["step", "inverse-time"] },
  }),
  patience: setting(integer(1), {
    group: "training",
    help: "validations without improvement until the learning rate falls",
    default: 3,
    needs: { setting: "schedule", oneOf: ["plateau"] },
  }),
  momentum: setting(rate, {
    group: "training",
    help: "how much of the velocity is kept at a step; nesterov-2013: at most, after --momentum-first",
    default: { on: "optimizer", values: { "nesterov-2013": 0.99 }, otherwise: 0.9 },
    needs: { setting: "optimizer", oneOf: ["momentum", "nesterov", "nesterov-2013"] },
  }),
  momentumFirst: setting(integer(0), {
    group: "training",
    help: "steps at the beginning with a momentum of 0.9, whatever --momentum is",
    default: 0,
    placeholder: "<steps>",
    needs: { setting: "optimizer", oneOf: ["nesterov-2013"] },
  }),
  momentumEvery: setting(orNone(integer(1)), {
    group: "training",
    help: "steps between two rises of the momentum, from 0.5 on; none: it does not rise",
    default: 250,
    placeholder: "<steps>",
    needs: { setting: "optimizer", oneOf: ["nesterov-2013"] },
  }),
  ...hessianFreeSettings,
} satisfies Table;

/** The regulariser of the information flow. */
export const flowSettings = {
  flow: setting(orNone(positive), {
    group: "training",
    help: "weight of the penalty that keeps the gradient's norm on its way back through time",
    default: null,
    placeholder: "<lambda>",
  }),
  flowGradient: setting(choice(["exact", "book", "paper"]), {
    group: "training",
    help: "how that penalty is differentiated: in full, with dL/dh held constant, or with the states held too",
    default: "book",
    placeholder: "<form>",
    needs: { setting: "flow" },
  }),
} satisfies Table;

/** What is written where. @param usualFolder of the run, in words */
export const outputSettings = (usualFolder: string) =>
  ({
    out: setting(optional(text), {
      group: "output",
      first: 5,
      help: "folder of the run",
      default: null,
      defaultText: usualFolder,
      placeholder: "<folder>",
    }),
    saveSeconds: setting(positive, {
      group: "output",
      help: "least time between checkpoints",
      default: 15,
      placeholder: "<s>",
    }),
    resume: setting(flag, {
      group: "output",
      first: 6,
      help: "go on with the run that --out holds",
      default: false,
      commandLineOnly: true,
      conflictsWith: "force",
    }),
    force: setting(flag, {
      group: "output",
      help: "replace the run that --out holds",
      default: false,
      commandLineOnly: true,
      conflictsWith: "resume",
    }),
    config: setting(optional(text), {
      group: "output",
      help: "a YAML file with settings; the command line goes before it",
      default: null,
      commandLineOnly: true,
      placeholder: "<file>",
    }),
    schema: setting(flag, {
      group: "output",
      help: "print what a settings file may hold, as JSON Schema for an editor, and train nothing",
      default: false,
      commandLineOnly: true,
    }),
    json: setting(flag, {
      group: "output",
      help: "print one JSON object per event on stdout",
      default: false,
    }),
  }) satisfies Table;

/** The settings that make a training plan. */
export type UpdateSettings = ValuesOf<typeof updateSettings>;

/** The settings that say where a run goes and how it is told of. */
export type OutputSettings = ValuesOf<ReturnType<typeof outputSettings>>;

/** Settings of one command rather than of the run. */
export const passing = ["out", "resume", "force", "config", "schema", "json"] as const;

/** What a run keeps of a command's settings. */
export type Kept<S> = Omit<S, (typeof passing)[number]>;

/** The settings that every run has, whatever its kind of job. */
export type CommonSettings = Kept<
  ValuesOf<typeof budgetSettings & typeof updateSettings & typeof flowSettings> & OutputSettings
> & {
  readonly watchFlow?: number | null;
  readonly batch: number;
  readonly tensorboard?: boolean;
};

/** The settings of a command that the run keeps. */
export function keptSettings<S extends object>(settings: S): Kept<S> {
  const kept = Object.entries(settings).filter(([key]) => !(passing as readonly string[]).includes(key));
  return Object.fromEntries(kept) as unknown as Kept<S>;
}
