import { stepNames, type Transform } from "./transform.js";

/** What a transform is told of the settings of a step: what it takes, so that those of others are no mistake to it. */
export function settingsFor<Extra, Settings extends object>(
  { takes }: Transform<unknown, Extra>,
  settings: Settings | undefined,
): Settings | undefined {
  if (settings === undefined || takes === undefined) return settings;
  const entries = Object.entries(settings).filter(
    ([name]) => stepNames.includes(name) || takes.includes(name),
  );
  return Object.fromEntries(entries) as unknown as Settings;
}

/** What some transforms take together; undefined where one of them does not say. */
export function takenBy(transforms: readonly Transform<unknown>[]): readonly string[] | undefined {
  const lists = transforms.map((t) => t.takes);
  return lists.includes(undefined) ? undefined : [...new Set(lists.flatMap((names) => names ?? []))];
}
