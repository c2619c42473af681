/** Ctrl-C and the like, as a signal that work looks at between steps. */
export interface Interrupt {
  readonly signal: { readonly aborted: boolean };
  /** Puts the default behaviour back. */
  release(): void;
}

/**
 * Turns the first Ctrl-C (SIGINT) or SIGTERM into a signal; a second one ends the process at once. A reader that went
 * away, as in `longspan ... | head`, counts as the first.
 */
export function onInterrupt(announce: (signal: NodeJS.Signals) => void): Interrupt {
  const signal = { aborted: false };
  const release = () => {
    process.off("SIGINT", first);
    process.off("SIGTERM", first);
  };
  const first = (name: NodeJS.Signals) => {
    release();
    signal.aborted = true;
    announce(name);
  };
  const readerGone = (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") signal.aborted = true;
  };
  process.on("SIGINT", first);
  process.on("SIGTERM", first);
  process.stdout.on("error", readerGone);
  return {
    signal,
    release() {
      release();
    },
  };
}
