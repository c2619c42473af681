import { Key, Structure, Value } from "longspan";
import type { Argument, Arguments } from "./arguments.js";

/** A function of the public surface with a valid call. */
export interface Row {
  readonly args: Arguments;
  /** What its messages begin with; the function's name by default. */
  readonly says?: string;
  /** What is called, where it is not the export itself. */
  readonly call?: (...args: never[]) => unknown;
  /** The methods of what it returns, by name; "" is the result itself. */
  readonly methods?: Readonly<Record<string, Row | Exempt>> | undefined;
  /** To be done with the result of the valid call. */
  readonly after?: (result: unknown) => unknown;
  /** Calls with nothing are right, whatever the parameters. */
  readonly total?: boolean;
}

/** A function that is not swept, and why. */
export interface Exempt {
  readonly exempt: string;
}

/** A row of arguments. */
export const row = (args: Arguments, rest: Omit<Row, "args"> = {}): Row => ({ args, ...rest });
/** A row of a method. */
export function method<T extends object>(of: T, name: keyof T & string, args: Arguments): Row {
  return { args, call: (...given) => (of[name] as (...a: unknown[]) => unknown)(...given) };
}
export const exempt = (why: string): Exempt => ({ exempt: why });

/** A wrong call: what is given, and what a message must name. */
export interface WrongCall {
  readonly given: readonly unknown[];
  readonly names: readonly string[];
}

/** Every wrong call that follows from a valid one. */
export function wrongCalls({ args, total }: Row): WrongCall[] {
  const entries = Object.entries(args);
  const valid = entries.map(([, a]) => a.valid);
  const calls: WrongCall[] = [];
  if (!total && entries.some(([, a]) => !a.mayBeAbsent)) calls.push({ given: [], names: [] });
  entries.forEach(([name, a], i) => {
    const given = (x: unknown) => valid.map((v, k) => (k === i ? x : v));
    const names = a.settings !== undefined || a.unnamed ? [] : [name];
    for (const wrong of a.wrong) calls.push({ given: given(wrong), names });
    if (!a.mayBeAbsent) calls.push({ given: given(undefined), names });
    for (const { record, names: named } of wrongSettings(a))
      calls.push({ given: given(record), names: named });
  });
  return calls;
}

function wrongSettings({ settings, valid }: Argument): { record: unknown; names: string[] }[] {
  if (settings === undefined) return [];
  const right = valid as Readonly<Record<string, unknown>>;
  const out: { record: unknown; names: string[] }[] = [];
  for (const [name, a] of Object.entries(settings)) {
    const { [name]: own, ...others } = right;
    for (const wrong of a.wrong) out.push({ record: { ...others, [name]: wrong }, names: [name] });
    if (!a.mayBeAbsent) out.push({ record: others, names: [name] });
    if (name.length < 3) continue;
    const misspelt = `${name.slice(0, -2)}${name.at(-1)}${name.at(-2) === name.at(-1) ? "x" : name.at(-2)}`;
    out.push({ record: { ...others, [misspelt]: own }, names: [misspelt, `did you mean ${name}`] });
  }
  out.push({ record: { ...right, unknownSetting: 1 }, names: ["unknownSetting"] });
  for (const [name, a] of Object.entries(settings))
    for (const inner of wrongSettings(a))
      out.push({ record: { ...right, [name]: inner.record }, names: inner.names });
  return out;
}

const internal =
  /Cannot read|Cannot use|Cannot convert|Cannot destructure|Cannot mix|is not a function|is not iterable|is not defined|Invalid typed array length|Invalid array length|not a constructor|undefined is not|NaN columns|null is not|Reduce of empty|must be of type|The ".*" argument|The first argument|Array buffer|buffer/;

/** What is wrong with how a wrong call ended; null if it ended in an error that helps. */
export async function complaint(
  f: () => unknown,
  says: string,
  names: readonly string[],
): Promise<string | null> {
  let error: unknown;
  try {
    const result: unknown = await f();
    await firstOf(result);
    return "no error";
  } catch (caught) {
    error = caught;
  }
  if (!(error instanceof Error)) return `not an Error: ${String(error)}`;
  const { message } = error;
  if (error.name === "ProgramError" || error.name === "Error" || internal.test(message))
    return `internal: ${error.name}: ${message}`;
  if (!message.startsWith(says)) return `does not begin with ${says}: ${message}`;
  const missing = names.find((name) => !new RegExp(`\\b${name}\\b`).test(message));
  return missing === undefined ? null : `does not name ${missing}: ${message}`;
}

/** Runs a generator up to its first value. */
export async function firstOf(result: unknown): Promise<unknown> {
  if (typeof result === "object" && result !== null && Symbol.asyncIterator in result) {
    const made = result as AsyncGenerator;
    const { value } = await made.next();
    await made.return(undefined);
    return value;
  }
  if (Object.prototype.toString.call(result) === "[object Generator]")
    return (result as Generator).next().value;
  return result;
}

/** The functions of what a call returned: itself, its own, and those of its class. */
export function functionsOf(result: unknown): Map<string, (...args: unknown[]) => unknown> {
  const found = new Map<string, (...args: unknown[]) => unknown>();
  if (typeof result === "function") found.set("", result as () => unknown);
  if ((typeof result !== "object" && typeof result !== "function") || result === null) return found;
  if (
    ArrayBuffer.isView(result) ||
    Array.isArray(result) ||
    Symbol.asyncIterator in result ||
    Symbol.iterator in result
  )
    return found;
  // These are classes of the library, which have rows of their own, or the engine's.
  if (result instanceof Value || result instanceof Key || result instanceof Structure || "compile" in result)
    return found;
  for (let level: object | null = result; level !== null; level = Object.getPrototypeOf(level)) {
    if ([Object.prototype, Function.prototype, Map.prototype, Promise.prototype].includes(level)) break;
    for (const [name, property] of Object.entries(Object.getOwnPropertyDescriptors(level)))
      if (name !== "constructor" && typeof property.value === "function" && !found.has(name))
        found.set(name, (...args) =>
          (result as Record<string, (...a: unknown[]) => unknown>)[name]!(...args),
        );
  }
  return found;
}

export function show(given: readonly unknown[]): string {
  const one = (x: unknown): string => {
    if (typeof x === "string") return JSON.stringify(x);
    if (typeof x === "bigint") return `${x}n`;
    if (typeof x === "function") return "function";
    if (typeof x !== "object" || x === null) return String(x);
    if (Array.isArray(x)) return `[${x.map(one).slice(0, 4).join(", ")}]`;
    const proto = Object.getPrototypeOf(x);
    if (proto !== Object.prototype) return `a ${x.constructor.name}`;
    return `{ ${Object.entries(x)
      .map(([k, v]) => `${k}: ${typeof v === "object" && v !== null ? "..." : one(v)}`)
      .slice(0, 8)
      .join(", ")} }`;
  };
  return `(${given.map(one).join(", ")})`;
}

/** Rows by export; made anew for each call. */
export type Rows = Readonly<Record<string, () => Row | Exempt>>;
