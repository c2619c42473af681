import { readFileSync } from "node:fs";

/** Whether a process is alive. One that has ended, and whose parent has not asked how (a zombie), is not; only Linux tells the two apart. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as { code?: string }).code !== "EPERM") return false;
  }
  // Z: a zombie; X and x: dead. The system answers for them as for any other process.
  return !["Z", "X", "x"].includes(statOf(pid)?.[0] ?? "");
}

/** The start of a process in clock ticks since the system's own start, with the latter's name. Linux only; null elsewhere. */
export function startOf(pid: number): string | null {
  const ticks = statOf(pid)?.[19];
  if (ticks === undefined) return null;
  try {
    return `${readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim()} ${ticks}`;
  } catch {
    return null;
  }
}

/** What Linux tells of a process, from its third field on, the state. */
function statOf(pid: number): string[] | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    // The second field, the program's name, is in brackets and may hold spaces.
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  } catch {
    return null;
  }
}
