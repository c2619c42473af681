/** What a server counts, in the text format of Prometheus. */
export interface Metrics {
  /** A request that was answered. @param route as the description of the interface names it */
  request(route: string, status: number, seconds: number): void;
  /** A call that stepped streams together. */
  tick(streams: number, seconds: number): void;
  /** Symbols that were generated. */
  generated(symbols: number): void;
  /** The page that Prometheus reads. */
  text(now: { readonly streams: number; readonly waiting: number }): string;
}

const timeBounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const sizeBounds = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024];

/** Counts from zero. */
export function metrics(): Metrics {
  const requests = new Map<string, number>();
  const seconds = histogram(timeBounds);
  const sizes = histogram(sizeBounds);
  let [tickSeconds, symbols] = [0, 0];
  return {
    request(route, status, took) {
      const labels = `{route="${route}",status="${status}"}`;
      requests.set(labels, (requests.get(labels) ?? 0) + 1);
      seconds.add(took);
    },
    tick(streams, took) {
      sizes.add(streams);
      tickSeconds += took;
    },
    generated(count) {
      symbols += count;
    },
    text({ streams, waiting }) {
      const lines = [
        ...head("longspan_requests_total", "counter", "Requests that were answered, by route and status."),
        ...[...requests].map(([labels, count]) => `longspan_requests_total${labels} ${count}`),
        ...head("longspan_request_seconds", "histogram", "Seconds from the head of a request to its answer."),
        ...seconds.lines("longspan_request_seconds"),
        ...head("longspan_streams_open", "gauge", "Streams that are open."),
        `longspan_streams_open ${streams}`,
        ...head("longspan_steps_waiting", "gauge", "Steps of streams that wait for the next tick."),
        `longspan_steps_waiting ${waiting}`,
        ...head(
          "longspan_tick_streams",
          "histogram",
          "Streams that were stepped in one call; the sum counts steps.",
        ),
        ...sizes.lines("longspan_tick_streams"),
        ...head("longspan_tick_seconds_total", "counter", "Seconds spent on stepping streams."),
        `longspan_tick_seconds_total ${tickSeconds}`,
        ...head("longspan_generated_symbols_total", "counter", "Symbols that were generated."),
        `longspan_generated_symbols_total ${symbols}`,
        ...head("process_cpu_seconds_total", "counter", "Seconds of the processor, of all threads."),
        `process_cpu_seconds_total ${processorSeconds()}`,
        ...head("process_resident_memory_bytes", "gauge", "Resident memory of the process."),
        `process_resident_memory_bytes ${process.memoryUsage.rss()}`,
      ];
      return `${lines.join("\n")}\n`;
    },
  };
}

function processorSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

function head(name: string, type: string, help: string): readonly string[] {
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`];
}

function histogram(bounds: readonly number[]) {
  const counts = new Array<number>(bounds.length + 1).fill(0);
  let sum = 0;
  return {
    add(value: number): void {
      sum += value;
      const at = bounds.findIndex((bound) => value <= bound);
      counts[at < 0 ? bounds.length : at]! += 1;
    },
    lines(name: string): readonly string[] {
      let below = 0;
      const rows = [...bounds.map(String), "+Inf"].map((bound, i) => {
        below += counts[i]!;
        return `${name}_bucket{le="${bound}"} ${below}`;
      });
      return [...rows, `${name}_sum ${sum}`, `${name}_count ${below}`];
    },
  };
}
