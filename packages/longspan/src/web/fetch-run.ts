import { check, text } from "../check/index.js";
import { decodeUtf8 } from "../data/index.js";
import {
  decodeRun,
  isOwnCell,
  type OpenedRun,
  type OwnCellMaker,
  RunError,
  type RunFile,
  runFiles,
} from "../runs/index.js";
import { host, pageAddress } from "./host.js";

declare const URL: new (address: string, base?: string) => { readonly href: string };

/**
 * Opens a run whose folder a web server shows, on the thread that calls this; `openRun` of `longspan/web` does so in a worker. Load the
 * executor before: `useExecutor(await loadWasmExecutor())`.
 *
 * @param address of the folder, absolute or relative to the page
 * @throws RunError naming the file, what is wrong with it and what to do
 * @example
 * if ("document" in globalThis) {
 *   useExecutor(await loadWasmExecutor());
 *   const run = await fetchRun("./run");
 *   console.log(run.kind, run.step);
 * }
 */
export async function fetchRun(address: string): Promise<OpenedRun> {
  check("fetchRun", "address", address, text);
  const base = address.endsWith("/") ? address : `${address}/`;
  const at = (file: RunFile) => new URL(runFiles[file], new URL(base, pageAddress()).href).href;
  const [config, weights, vocabulary] = await Promise.all([
    bytesOf(at("config"), "no run"),
    bytesOf(at("weights"), "no weights"),
    bytesOf(at("vocabulary"), null),
  ]);
  const { cell } = settingsIn(config!);
  const own =
    typeof cell === "string" && isOwnCell(cell)
      ? { cell: ((await import(/* @vite-ignore */ at("cell"))) as { default: OwnCellMaker }).default }
      : {};
  return decodeRun(
    { config: config!, weights: weights!, ...(vocabulary ? { vocabulary } : {}) },
    undefined,
    own,
  );
}

/** The bytes of a file; null if it is not there and need not be. */
async function bytesOf(address: string, missing: "no run" | "no weights" | null): Promise<Uint8Array | null> {
  const response = await host.fetch(address).catch((error: Error) => {
    throw new RunError(
      "no run",
      address,
      `${address} cannot be fetched: ${error.message}`,
      "look whether the server runs and allows this page to read it",
    );
  });
  if (response.ok) return new Uint8Array(await response.arrayBuffer());
  if (missing === null) return null;
  throw new RunError(
    missing,
    address,
    `${address} cannot be fetched: the server answers ${response.status}`,
    "give the address of the folder of a run, as longspan export --web writes it",
  );
}

/** The settings of a configuration that was not checked yet. */
function settingsIn(config: Uint8Array): { readonly cell?: unknown } {
  try {
    const { settings } = JSON.parse(decodeUtf8(config)) as { settings?: object };
    return settings ?? {};
  } catch {
    return {}; // What is wrong, decodeRun says.
  }
}
