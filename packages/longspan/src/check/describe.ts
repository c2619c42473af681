/** What was given, for the end of a sentence: `got "3"`, `got a list of 2`, `got a Tensor`. */
export function describe(given: unknown): string {
  switch (typeof given) {
    case "string":
      return JSON.stringify(given.length > 60 ? `${given.slice(0, 57)}...` : given);
    case "function":
      return "a function";
    case "bigint":
      return `${given}n`;
    case "object":
      return given === null ? "null" : describeObject(given);
    default:
      return Object.is(given, -0) ? "-0" : String(given);
  }
}

function describeObject(given: object): string {
  if (Array.isArray(given)) {
    const isShort = given.length < 9 && given.every((x) => typeof x === "number");
    return isShort ? `[${given.join(", ")}]` : `a list of ${given.length}`;
  }
  const prototype: unknown = Object.getPrototypeOf(given);
  if (prototype !== Object.prototype && prototype !== null) {
    const { name } = given.constructor ?? {};
    return name ? `${/^[AEIOU]/.test(name) ? "an" : "a"} ${name}` : "an object";
  }
  const keys = Object.keys(given);
  if (keys.length === 0) return "an empty record";
  return `a record of ${keys.slice(0, 6).join(", ")}${keys.length > 6 ? ` and ${keys.length - 6} more` : ""}`;
}
