import { isIPv6 } from "node:net";
import type { ServeOptions } from "./command-options.js";
import { exitCode, Failure } from "./failure.js";
import { openTrained } from "./own-cell.js";
import { serveRun } from "./serve/server.js";

/** Seconds that requests which are under way have when the server stops. */
const grace = 10;

/** Serves a run until it is told to stop. Returns the exit code. */
export async function serveCommand(path: string, options: ServeOptions): Promise<number> {
  const { host, port, maxBody, maxStreams, idle, rate, timeout, maxWaiting } = options;
  const run = await openTrained(path);
  const limits = { body: maxBody, streams: maxStreams, idle, rate, seconds: timeout, waiting: maxWaiting };
  const defect = (error: unknown) =>
    process.stderr.write(
      `error in the server: ${error instanceof Error ? (error.stack ?? error.message) : error}\n`,
    );
  const server = await serveRun({ run, limits, host, port, defect }).catch((error: NodeJS.ErrnoException) => {
    throw listenFailure(error, host, port);
  });
  const { address, port: taken } = server.address;
  process.stdout.write(
    `serving the run on ${run.kind} in ${path} at http://${isIPv6(address) ? `[${address}]` : address}:${taken} (what it understands: /openapi.json); Ctrl-C stops it\n`,
  );
  await stopSignal();
  process.stdout.write("stopping: what is under way is finished\n");
  // A second signal ends the process at once.
  const now = () => process.exit(exitCode.interrupted);
  process.once("SIGINT", now).once("SIGTERM", now);
  await server.stop(grace);
  return 0;
}

function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    const stop = () => {
      process.off("SIGINT", stop).off("SIGTERM", stop);
      resolve();
    };
    process.on("SIGINT", stop).on("SIGTERM", stop);
  });
}

function listenFailure(error: NodeJS.ErrnoException, host: string, port: number): Error {
  if (error.code === "EADDRINUSE")
    return new Failure(
      `--port: another program listens at ${host}:${port}; choose another port, or 0 for any that is free`,
    );
  if (error.code === "EACCES")
    return new Failure(`--port: ${port} may not be taken by this user; choose one from 1024 on`);
  if (error.code === "ENOTFOUND" || error.code === "EADDRNOTAVAIL")
    return new Failure(
      `--host: ${host} is no address of this machine; 127.0.0.1 serves this machine only, 0.0.0.0 all networks`,
    );
  return error;
}
