import { isRecord, kind, listOf, type RequiredKind } from "../../check/index.js";

/** At least one group of units, each a record with just these settings. */
export function groupsKind(settings: Readonly<Record<string, RequiredKind>>): RequiredKind {
  const names = Object.keys(settings).join(", ");
  const record = kind(`a record { ${names} }`, isRecord);
  const group: RequiredKind = {
    ...record,
    accepts: (value) =>
      isRecord(value) &&
      Object.keys(value).every((name) => Object.hasOwn(settings, name)) &&
      Object.entries(settings).every(([name, of]) => of.accepts(value[name])),
    refusal(subject, value) {
      if (!isRecord(value)) return record.refusal(subject, value);
      for (const [name, of] of Object.entries(settings))
        if (!of.accepts(value[name])) return of.refusal(`${subject}.${name}`, value[name]);
      const unknown = Object.keys(value).find((name) => !Object.hasOwn(settings, name));
      return new TypeError(`${subject}: there is no setting ${unknown}; the settings are ${names}`);
    },
  };
  const some = listOf(group, `a list of groups { ${names} }, at least one`);
  return {
    ...some,
    accepts: (value) => some.accepts(value) && (value as readonly unknown[]).length > 0,
  };
}
