const names: Readonly<Record<string, string>> = {
  readWeights: "read weights",
  writeWeights: "write weights",
};

/** What a slot of a memory's state is called: `read weights`. */
export function nameOf(slot: string): string {
  return names[slot] ?? slot;
}
