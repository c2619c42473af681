import { isRecord } from "longspan/engine";
import { KerasError, quote } from "./error.js";

/** The settings of a layer or model as a file has them, read with errors that name the layer. */
export class Config {
  /** @param what the caller; `where` the layer, for messages */
  constructor(
    readonly what: string,
    readonly where: string,
    readonly values: Readonly<Record<string, unknown>>,
  ) {}

  /** What a file says of a layer or model: `{ class_name, config }`. */
  static of(what: string, where: string, value: unknown): { className: string; config: Config; raw: Config } {
    if (!isRecord(value))
      throw new KerasError(what, {
        where,
        found: `${typeof value} in place of a layer`,
        remedy: "the file is damaged",
      });
    const outer = new Config(what, where, value);
    const className = outer.text("class_name");
    const inner = value.config;
    // Older files have the list of layers itself for the settings of a Sequential.
    const settings = Array.isArray(inner) ? { layers: inner } : outer.record("config");
    const name = typeof settings.name === "string" ? settings.name : where;
    const owner = `the layer ${quote(name)} (${className.slice(0, 40)})`;
    return { className, config: new Config(what, owner, settings), raw: new Config(what, owner, value) };
  }

  has(key: string): boolean {
    return Object.hasOwn(this.values, key) && this.values[key] !== null && this.values[key] !== undefined;
  }

  raw(key: string): unknown {
    return Object.hasOwn(this.values, key) ? this.values[key] : undefined;
  }

  text(key: string, usual?: string): string {
    return this.typed<string>(key, usual, "a text", (value) => typeof value === "string");
  }

  flag(key: string, usual: boolean): boolean {
    return this.typed<boolean>(key, usual, "true or false", (value) => typeof value === "boolean");
  }

  number(key: string, usual?: number): number {
    return this.typed<number>(key, usual, "a number", (value) => typeof value === "number");
  }

  list(key: string): readonly unknown[] {
    return this.typed<readonly unknown[]>(key, undefined, "a list", Array.isArray);
  }

  record(key: string): Readonly<Record<string, unknown>> {
    return this.typed<Readonly<Record<string, unknown>>>(key, undefined, "a record", isRecord);
  }

  /** An error about this layer. */
  refusal(found: string, remedy: string): KerasError {
    return new KerasError(this.what, { where: this.where, found, remedy });
  }

  private typed<T>(
    key: string,
    usual: NoInfer<T> | undefined,
    words: string,
    is: (value: unknown) => boolean,
  ): T {
    const value = this.raw(key);
    if ((value === undefined || value === null) && usual !== undefined) return usual;
    if (!is(value)) throw this.refusal(`its setting ${key} is ${shown(value)}`, `expected ${words}`);
    return value as T;
  }
}

/** A value of a file for a message. */
export function shown(value: unknown): string {
  if (value === undefined) return "missing";
  if (typeof value === "string") return quote(value);
  return value !== null && typeof value === "object"
    ? Array.isArray(value)
      ? "a list"
      : "a record"
    : String(value).slice(0, 40);
}
