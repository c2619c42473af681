import { describe, expect, it } from "vitest";
import type { TextEvent } from "../../src/jobs/text/events.js";
import { reportHtml } from "../../src/jobs/text/report.js";
import { jsonFor } from "../../src/report/html.js";
import { pointerScript } from "../../src/report/pointer-script.js";
import { config, done, progress, start, valid } from "./runs.js";

const report = (...events: TextEvent[]) => reportHtml({ config, events });

/** The text of a page, without styles, scripts and tags. */
function textOf(page: string): string {
  return page
    .replace(/<(style|script)\b[^>]*>.*?<\/\1>/gs, " ")
    .replace(/<[^>]*>/g, " ")
    .replace(/&#(\d+);/g, (_, code) => String.fromCharCode(Number(code)))
    .replace(/\s+/g, " ");
}

/** The numbers of the path of a look, in one chart. */
function pathOf(page: string, chart: string, look: string): string {
  const figure = new RegExp(`<figure class="chart" id="${chart}">.*?</figure>`, "s").exec(page)![0];
  return new RegExp(`<path class="${look}" d="([^"]*)"`).exec(figure)![1]!;
}

/** Tags that are opened and closed in the wrong order, or attributes without quotes. */
function misplaced(page: string): string[] {
  const open: string[] = [];
  const wrong: string[] = [];
  const elements = page.replace(/<(style|script)\b([^>]*)>.*?<\/\1>/gs, "<$1$2></$1>");
  for (const [tag, slash, name, rest] of elements.matchAll(
    /<(\/?)([a-z0-9]+)((?:\s[a-zA-Z-]+(?:="[^"<>]*")?)*)\s*(?:\/)?>/g,
  )) {
    if (slash) {
      if (open.pop() !== name) wrong.push(tag);
    } else if (!["meta", "path", "br"].includes(name!)) open.push(name!);
    if (/=[^"]/.test(rest!.replace(/="[^"]*"/g, ""))) wrong.push(tag);
  }
  const stray = elements.replace(/<!doctype html>|<\/?[a-z0-9]+(?:\s[a-zA-Z-]+(?:="[^"<>]*")?)*\s*\/?>/g, "");
  return [...wrong, ...open, ...(stray.match(/[<>]/g) ?? [])];
}

const whole = [
  start(),
  progress(50),
  valid(50, 2.5),
  progress(100),
  valid(100, 2.25),
  done(100, 2.25),
] as const;

describe("reportHtml", () => {
  it("tells the outcome in nats and bits, steps, time, speed", () => {
    const text = textOf(report(...whole));
    for (const part of [
      "whale.txt",
      "An LSTM net with one layer of 8 units, trained to predict the next character.",
      "It predicts held-out text with a loss of 2.250 nats per character (3.246 bits).",
      "Best held-out loss 2.250 nats per character",
      "In bits 3.246 bits per character",
      "Steps 100 of 2 \u00d7 5 characters",
      "Training time 50 s without validation",
      "Speed 20 characters per second",
      "Parameters 1,234 on the reference executor",
    ])
      expect(text).toContain(part);
  });

  it("lists the settings that acted, by group", () => {
    const text = textOf(report(...whole));
    expect(text).toContain(
      "Model level char hidden 8 layers 1 cell lstm dropout 0.2 features 4 window 1 residual false Training minutes 10",
    );
    expect(text).toContain(
      "Data text texts/whale.txt characters 1,000, 30 different for training 900 held out 100 valid 0.1",
    );
    expect(text).not.toMatch(/patience|vocabulary|clip-value|save-seconds/);
  });

  it("speaks of words where the model does", () => {
    const text = textOf(report(start({ level: "word" }), progress(50), valid(50, 5), done(50, 5)));
    expect(text).toContain("loss of 5.000 nats per word (a perplexity of 148.4)");
    expect(text).toContain("Perplexity 148.4 per word");
    expect(text).not.toMatch(/\bbits\b|characters? per second/);
  });

  it("draws the curves to scale", () => {
    const page = report(...whole);
    // 3 - 0.5 at step 50 and 3 - 1 at step 100; the scale reaches from 2 to 2.5, with a twentieth of it as room.
    expect(pathOf(page, "loss", "line training")).toBe("M500 12.7L1000 267.3");
    expect(pathOf(page, "loss", "line valid")).toBe("M500 12.7L1000 140");
    expect(pathOf(page, "loss", "dot")).toBe("M1000 140h0.01");
    expect(pathOf(page, "rate", "line plain")).toBe("M500 5.2L1000 5.2");
    // 10 characters per step, two steps per second: 20 a second, at 20/21 of the height.
    expect(pathOf(page, "speed", "line plain")).toBe("M500 5.2L1000 5.2");
    // Logarithmic: 2 before, 1 after clipping and the threshold at 1, from 1/1.3 to 2.6.
    expect(pathOf(page, "gradient", "line raw")).toBe("M500 36.6L1000 36.6");
    expect(pathOf(page, "gradient", "line before")).toBe("M500 133.4L1000 133.4");
    expect(pathOf(page, "gradient", "threshold")).toBe("M0 133.4h1000");
    // The labels stand at the ends of the curves, a line apart where they would lie on each other.
    expect(page).toContain('<span class="training" style="top:267.3px">2.000 training</span>');
    expect(page).toContain('<span class="valid" style="top:140px">2.250 held out</span>');
    expect(page).toContain('<span class="threshold" style="top:148.4px">clip 1</span>');
    expect(textOf(page)).toContain("2 before");
    expect(textOf(page)).toContain("clip 1");
  });

  it("draws the ratio of a run with --flow, and what the penalty measured at the pointer", () => {
    expect(report(...whole)).not.toContain('id="flow"');
    const flow = (ratio: number) => ({ flow: { omega: 2, ratio, skipped: 3 } });
    const page = report(start(), progress(50, flow(0.5)), progress(100, flow(0.75)), done(100, 2));
    expect(misplaced(page)).toEqual([]);
    // From 0.45 to 1.05 over 140 pixels: 0.5 lies at 128.3, 0.75 at 70.
    expect(pathOf(page, "flow", "line training")).toBe("M500 128.3L1000 70");
    expect(page).toContain("ratio 0.75, Omega 2, skipped 3");
  });

  it("stands alone", () => {
    const page = report(...whole);
    expect(page).not.toMatch(/https?:|\bsrc=|\bhref=|@import|url\(/);
    expect(page).toContain(
      `content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'"`,
    );
  });

  it("shows texts as they are, whatever they hold", () => {
    const hostile = `</script><img src=x onerror=alert(1)> "q" 'a' & \u0000\u001b[31m`;
    const page = reportHtml({
      config: { ...config, text: { ...config.text, path: `a/${hostile.replaceAll("/", "")}` } },
      events: [
        start({ path: hostile, out: hostile, executor: hostile }),
        progress(1),
        { event: "sample", text: `${hostile}\n\u{1F40B}` },
      ],
    });
    expect(misplaced(page)).toEqual([]);
    expect(page.match(/<script/g)).toHaveLength(2);
    for (const piece of ["<img", "\u0000", "\u001b"]) expect(page).not.toContain(piece);
    expect(textOf(page)).toContain(
      `</script><img src=x onerror=alert(1)> "q" 'a' & \uFFFD\uFFFD[31m \u{1F40B}`,
    );
    expect(jsonFor({ a: "</script>" }).source).toBe('{"a":"\\u003c/script>"}');
  });

  it.each<[string, TextEvent[], string]>([
    ["nothing", [], "It has not reported yet."],
    ["the start", [start()], "There are no curves yet: nothing has been reported."],
    ["one report", [start(), progress(1)], "the last report came at step 1. It has not been validated yet."],
    [
      "a report without a start",
      [progress(7), valid(7, 2)],
      "Its best loss on held-out text so far is 2.000 nats",
    ],
    [
      "validations without a finite loss",
      [start(), progress(2), valid(2, null as unknown as number)],
      "at step 2. No validation has had a finite loss so far.",
    ],
    [
      "an end without a finite loss",
      [start(), progress(2), valid(2, null as unknown as number), done(2, null as unknown as number)],
      "No validation had a finite loss: it is left as its last step made it.",
    ],
    ["an end alone", [done(3, 2)], "loss of 2.000 nats per character"],
    ["a run of no steps", [start(), progress(0), done(0, 3)], "Steps 0"],
    [
      "an interrupted run",
      [start(), progress(9), { event: "stopped", steps: 10, seconds: 5, out: "x" }],
      "Interrupted at step 10.",
    ],
    [
      "values that are not finite",
      [
        start(),
        progress(1, { nats: Number.NaN, gradientNorm: Number.POSITIVE_INFINITY, clippedNorm: Number.NaN }),
        progress(2, JSON.parse('{"nats":null,"gradientNorm":null,"clippedNorm":null,"learningRate":null}')),
        done(2, Number.NaN),
      ],
      "Loss nats per character 0 0.2 0.4 0.6 0.8 1.0 2 not finite",
    ],
  ])("%s", (_, events, part) => {
    const page = report(...events);
    expect(misplaced(page)).toEqual([]);
    expect(page.replace(pointerScript.source, "")).not.toMatch(/NaN|Infinity|undefined|null|\[object/);
    expect(textOf(page)).toContain(part);
  });

  it("marks interruptions, random and skipped steps", () => {
    const page = report(
      start(),
      progress(20, { randomSteps: 1 }),
      progress(40, { randomSteps: 1, skippedSteps: 2 }),
      { event: "resumed", step: 40, seconds: 20 },
      progress(100, { randomSteps: 3, skippedSteps: 2 }),
    );
    expect(pathOf(page, "loss", "resumed")).toBe("M400 0v280");
    expect(pathOf(page, "gradient", "tick random")).toBe("M200 1v8M999 1v8");
    expect(pathOf(page, "gradient", "tick skipped")).toBe("M400 1v8");
    expect(textOf(page)).toContain("the run was interrupted and taken up again, once");
  });

  it("10^5 reports make a small page that hides no spike", () => {
    const steps = 100_000;
    const events: TextEvent[] = [start()];
    for (let step = 1; step <= steps; step++)
      events.push(
        progress(step, {
          nats: step === 41_234 ? 50 : 2 + Math.sin(step) / 10,
          gradientNorm: step === 41_234 ? 1e6 : 1 + Math.sin(step) / 2,
        }),
      );
    const page = report(...events, done(steps, 2));
    expect(page.length).toBeLessThan(400_000);
    expect(misplaced(page)).toEqual([]);
    // The spike of the norm is the highest point of its chart: log 1e6 in a scale that ends at log 1.3e6.
    const heights = [...pathOf(page, "gradient", "line raw").matchAll(/[ML]([\d.]+) ([\d.]+)/g)];
    const highest = heights.reduce((a, b) => (Number(b[2]) < Number(a[2]) ? b : a));
    expect(Number(highest[1])).toBeCloseTo(412.3, 0);
    expect(Number(highest[2])).toBeLessThan(5);
    // That of the loss lies above the scale, and is marked there.
    expect(pathOf(page, "loss", "above")).toBe("M412 0v7");
    expect(textOf(page)).toContain("\u2191 50");
  });
});

describe("the script of the page", () => {
  it("shows the values at the step nearest to the pointer, in all charts", () => {
    const page = report(...whole);
    const readouts = /<script type="application\/json" id="readouts">(.*?)<\/script>/.exec(page)![1]!;
    const handlers: Record<string, (event: object) => void> = {};
    const plot = {
      addEventListener: (name: string, handler: (event: object) => void) => {
        handlers[name] = handler;
      },
      getBoundingClientRect: () => ({ left: 100, width: 200 }),
    };
    const charts = ["loss", "gradient", "rate", "speed"].map((id) => {
      const parts = { output: { textContent: "" }, ".cursor": { style: { left: "" }, hidden: true } };
      return { id, parts, querySelector: (selector: keyof typeof parts) => parts[selector] };
    });
    const page_ = {
      getElementById: () => ({ textContent: readouts }),
      querySelectorAll: (selector: string) => (selector === ".chart" ? charts : [plot]),
    };
    new Function("document", pointerScript.source)(page_);
    handlers.pointermove!({ currentTarget: plot, clientX: 100 + 0.7 * 200 });
    const shown = () => charts.map(({ parts }) => parts.output.textContent);
    expect(shown()).toEqual(["step 50, 25 s: training 2.500, held out 2.500", "2, clipped 1", "0.01", "20"]);
    expect(charts[3]!.parts[".cursor"]).toEqual({ style: { left: "50%" }, hidden: false });
    handlers.pointermove!({ currentTarget: plot, clientX: 100 + 0.8 * 200 });
    expect(shown()[0]).toBe("step 100, 50 s: training 2.000, held out 2.250");
    handlers.pointerleave!({});
    expect([shown()[0], charts[0]!.parts[".cursor"].hidden]).toEqual(["", true]);
  });
});
