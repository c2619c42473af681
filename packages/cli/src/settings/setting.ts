import type { Kind } from "./kinds.js";

/** The headings under which settings are listed. */
export type Group = "model" | "training" | "data" | "output";

/** A default that depends on another setting. */
export interface Dependent<T> {
  readonly on: string;
  /** By the value of that setting; `otherwise` for the values that are not listed, which may depend on a further one. */
  readonly values: Readonly<Record<string, T>>;
  readonly otherwise: T | Dependent<T>;
}

/** What a setting acts beside. */
export interface Needs {
  readonly setting: string;
  readonly oneOf?: readonly string[];
  /** Whether it is so unless somebody chooses otherwise, which the help then need not say. */
  readonly usual?: true;
}

/** One setting: all that the options, the settings file, the help and the report need to know. */
export interface Setting<T> {
  readonly kind: Kind<T>;
  /** One line, without a full stop. */
  readonly help: string;
  readonly group: Group;
  readonly default: T | Dependent<T>;
  /** For a setting that came later than runs did: what those runs had, whose config.json lacks it. */
  readonly before?: T;
  /** How the help tells a default that is chosen elsewhere (null here). */
  readonly defaultText?: string;
  /** Its place among the few settings that most runs choose, which the help lists before all others. */
  readonly first?: number;
  /** What stands for the value in the help, if the kind's word says too little. */
  readonly placeholder?: string;
  /** A setting that must not be given together with this one. */
  readonly conflictsWith?: string;
  /** This setting acts only if another one has one of these values, or any if none are listed. */
  readonly needs?: Needs;
  /** Whether a settings file must not have it. */
  readonly commandLineOnly?: true;
}

/** Settings by name. */
export type Table = Readonly<Record<string, Setting<unknown>>>;

/** The value of each setting of a table. */
export type ValuesOf<T extends Table> = {
  readonly [K in keyof T]: T[K] extends Setting<infer V> ? V : never;
};

/** One row of a table of settings. */
export function setting<T>(kind: Kind<T>, rest: Omit<Setting<NoInfer<T>>, "kind">): Setting<T> {
  return { kind, ...rest };
}

/** Settings that act only beside the usual choice of another one; those that need something else already keep that. */
export function usualWith<T extends Table>(setting: string, oneOf: readonly string[], table: T): T {
  const needs: Needs = { setting, oneOf, usual: true };
  return Object.fromEntries(Object.entries(table).map(([key, row]) => [key, { needs, ...row }])) as T;
}

/** The name for users: `weight-decay` for `weightDecay`. */
export function nameOf(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** Whether a default depends on another setting. */
export function isDependent<T>(value: T | Dependent<T>): value is Dependent<T> {
  return typeof value === "object" && value !== null && "on" in value;
}

/** The default where no other setting says anything. */
export function usualOf<T>(usual: T | Dependent<T>): T {
  return isDependent(usual) ? usualOf(usual.otherwise) : usual;
}

/** A value as the user would write it. */
export function shown<T>({ kind }: Setting<T>, value: T): string {
  return value === null ? "none" : kind.show(value);
}
