import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

const names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/** The Chromium that is there: the one that LONGSPAN_BROWSER names, or one of the usual names. */
export function findChromium(): string | undefined {
  const given = process.env.LONGSPAN_BROWSER;
  return (given ? [given] : names).find((name) => spawnSync(name, ["--version"]).status === 0);
}

/** What a page is served: text or bytes by path; undefined is "not found". */
export type Files = (path: string) => { readonly type: string; readonly body: string | Buffer } | undefined;

/**
 * Opens a page of `files` in a Chromium without a window, and waits for what the page posts to /result, as JSON.
 * @param headers come with every file
 * @throws Error with what the browser printed, if it ends or takes longer than `seconds`
 */
export async function openPage(
  browser: string,
  files: Files,
  path: string,
  seconds: number,
  headers: Readonly<Record<string, string>> = {},
): Promise<unknown> {
  const profile = mkdtempSync(join(tmpdir(), "longspan-browser-"));
  let answer: (result: string) => void = () => {};
  const answered = new Promise<string>((resolve) => {
    answer = resolve;
  });
  const server = createServer((request, response) => void serve(files, headers, request, response, answer));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const args = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-dev-shm-usage",
  ];
  const child = spawn(browser, [...args, `--user-data-dir=${profile}`, `http://127.0.0.1:${port}${path}`], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let printed = "";
  child.stderr.on("data", (text) => {
    printed += text;
  });
  const ended = new Promise<void>((resolve) => {
    child.on("error", () => resolve());
    child.on("close", () => resolve());
  });
  let timer: NodeJS.Timeout | undefined;
  const failure = (what: string) => new Error(`${browser} ${what}: ${printed.slice(-2000)}`);
  try {
    const result = await Promise.race([
      answered,
      ended.then(() => Promise.reject(failure("ended"))),
      new Promise<never>((_, reject) => {
        timer = setTimeout(() => reject(failure(`posted no result in ${seconds} seconds`)), 1000 * seconds);
      }),
    ]);
    return JSON.parse(result);
  } finally {
    clearTimeout(timer);
    child.kill("SIGKILL");
    await ended;
    server.closeAllConnections();
    server.close();
    rmSync(profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  }
}

async function serve(
  files: Files,
  headers: Readonly<Record<string, string>>,
  request: IncomingMessage,
  response: ServerResponse,
  answer: (result: string) => void,
): Promise<void> {
  if (request.method === "POST") {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    response.writeHead(204).end();
    answer(Buffer.concat(parts).toString());
    return;
  }
  const found = files(request.url ?? "/");
  if (found) response.writeHead(200, { ...headers, "content-type": found.type }).end(found.body);
  else response.writeHead(404).end();
}
