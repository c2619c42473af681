/** What was given, for the end of a sentence: `got "3"`, `got a list of 2`, `got a Tensor`. */
export function describe(value: unknown): string {
  switch (typeof value) {
    case "string":
      return JSON.stringify(value.length > 60 ? `${value.slice(0, 57)}...` : value);
    case "function":
      return "a function";
    case "bigint":
      return `${value}n`;
    case "object":
      return value === null ? "null" : describeObject(value);
    default:
      return Object.is(value, -0) ? "-0" : String(value);
  }
}

function describeObject(object: object): string {
  if (Array.isArray(object)) {
    const isShort = object.length < 9 && object.every((x) => typeof x === "number");
    return isShort ? `[${object.join(", ")}]` : `a list of ${object.length}`;
  }
  const prototype: unknown = Object.getPrototypeOf(object);
  if (prototype !== Object.prototype && prototype !== null) {
    const { name } = object.constructor ?? {};
    return name ? `${/^[AEIOU]/.test(name) ? "an" : "a"} ${name}` : "an object";
  }
  const keys = Object.keys(object);
  if (keys.length === 0) return "an empty record";
  return `a record of ${keys.slice(0, 6).join(", ")}${keys.length > 6 ? ` and ${keys.length - 6} more` : ""}`;
}
