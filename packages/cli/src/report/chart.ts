import { type Html, html } from "./html.js";
import { figure, type Scale } from "./scale.js";
import { columnOf, type Point, thin } from "./thin.js";

/** A curve. */
export interface Line {
  /** Stands at the curve's end. */
  readonly name: string;
  /** Names the colour and the weight in the style sheet. */
  readonly look: string;
  readonly points: readonly Point[];
  /** Whether its end has a label. */
  readonly labelled?: boolean;
}

/** A chart over the steps of a run. */
export interface Chart {
  readonly id: string;
  readonly title: string;
  readonly unit: string;
  /** Of the plot, in pixels. */
  readonly height: number;
  readonly y: Scale;
  /** Values at the ends of curves, in words. */
  readonly format?: (value: number) => string;
  readonly lines: readonly Line[];
  /** A level to compare with. */
  readonly threshold?: { readonly value: number; readonly name: string };
  /** A point of a line that is named. */
  readonly note?: Point & { readonly text: string };
  /** Values above the scale: marked at the upper edge. */
  readonly above?: readonly Point[];
  /** Rows of marks over the plot, each with a name: steps at which something happened. */
  readonly rows?: readonly {
    readonly name: string;
    readonly look: string;
    readonly steps: readonly number[];
  }[];
}

/** What the charts of a run share. */
export interface StepAxis {
  readonly lastStep: number;
  readonly scale: Scale;
  readonly resumed: readonly number[];
}

/** The x axis of the drawings; they are stretched to the width of the page. */
const width = 1000;
/** Least distance of labels at the right edge, in pixels. */
const labelHeight = 15;

/** Draws a chart. The plot stretches with the page, the texts do not: they lie over it as HTML. */
export function chartHtml(chart: Chart, axis: StepAxis): Html {
  const { id, title, unit, height, y, lines, rows = [] } = chart;
  const top = (value: number) => round(height * (1 - y.position(value)));
  const left = (step: number) => round(100 * axis.scale.position(step));
  const described = lines.map(({ name, points }) => rangeInWords(name, points)).join("; ");
  return html`<figure class="chart" id="${id}">
<figcaption><b>${title}</b> <span class="unit">${unit}</span> <output></output></figcaption>
${rows.map((row) => eventRow(row, axis))}
<div class="frame" style="--height:${height}px">
<div class="ys">${y.ticks.map((t) => html`<span style="top:${round(height * (1 - t.at))}px">${t.text}</span>`)}</div>
<div class="plot">${drawing(chart, axis, `${title}, ${unit}: ${described}`)}${notes(chart, left, top)}<i class="cursor" hidden></i></div>
<div class="ends">${endLabels(chart, top)}</div>
<div class="axis">step</div>
<div class="xs">${axis.scale.ticks.map((t) => html`<span style="left:${round(100 * t.at)}%">${t.text}</span>`)}</div>
</div>
</figure>`;
}

function drawing(
  { height, y, lines, threshold, note, above = [] }: Chart,
  axis: StepAxis,
  label: string,
): Html {
  const px = (step: number) => round(width * axis.scale.position(step));
  const py = (value: number) => round(height * (1 - y.position(value)));
  const grid = y.ticks.map((t) => `M0 ${round(height * (1 - t.at))}h${width}`).join("");
  const columns = [...new Set(above.map(({ step }) => columnOf(step, axis.lastStep, width)))];
  return html`<svg viewBox="0 0 ${width} ${height}" preserveAspectRatio="none" role="img" aria-label="${label}">
<path class="grid" d="${grid}"/>
<path class="resumed" d="${axis.resumed.map((step) => `M${px(step)} 0v${height}`).join("")}"/>
${lines.map(
  ({ look, points }) =>
    html`<path class="line ${look}" d="${path(thin(points, axis.lastStep, width), px, py)}"/>`,
)}
${threshold ? html`<path class="threshold" d="M0 ${py(threshold.value)}h${width}"/>` : null}
<path class="above" d="${columns.map((c) => `M${c} 0v7`).join("")}"/>
${note ? html`<path class="dot" d="M${px(note.step)} ${py(note.value)}h0.01"/>` : null}
</svg>`;
}

function path(points: readonly Point[], px: (step: number) => number, py: (value: number) => number): string {
  let [d, drawing] = ["", false];
  for (const [i, { step, value }] of points.entries()) {
    if (!Number.isFinite(value)) {
      drawing = false;
      continue;
    }
    d += `${drawing ? "L" : "M"}${px(step)} ${py(value)}`;
    // A point without neighbours is a dot: a line of hardly any length with round ends.
    if (!drawing && !Number.isFinite(points[i + 1]?.value)) d += "h0.01";
    drawing = true;
  }
  return d;
}

function notes(
  { note, above = [] }: Chart,
  left: (step: number) => number,
  top: (v: number) => number,
): Html[] {
  const found: Html[] = [];
  if (note && note.text !== "") {
    const x = left(note.step);
    const side = x > 70 ? "before" : x < 15 ? "after" : "middle";
    found.push(
      html`<span class="note ${side}" style="left:${x}%;top:${top(note.value)}px">${note.text}</span>`,
    );
  }
  const high = above.filter(({ value }) => Number.isFinite(value));
  const broken = above.filter(({ value }) => !Number.isFinite(value));
  const highest = high.reduce<Point | null>((a, b) => (a && a.value >= b.value ? a : b), null);
  const words: string[] = [];
  if (highest) words.push(`\u2191 ${high.length > 1 ? "up to " : ""}${figure(highest.value)}`);
  if (broken.length > 0) words.push(`${broken.length} not finite`);
  const labelled = highest ?? broken[0];
  if (labelled) {
    const x = left(labelled.step);
    found.push(
      html`<span class="over ${x > 50 ? "before" : "after"}" style="left:${x}%">${words.join("; ")}</span>`,
    );
  }
  return found;
}

function endLabels(
  { lines, height, threshold, format = figure }: Chart,
  top: (value: number) => number,
): Html[] {
  const labels = lines.flatMap(({ name, look, points, labelled = true }) => {
    const last = points.findLast(({ value }) => Number.isFinite(value));
    return last && labelled ? [{ text: `${format(last.value)} ${name}`, look, y: top(last.value) }] : [];
  });
  if (threshold) labels.push({ text: threshold.name, look: "threshold", y: top(threshold.value) });
  return spread(labels, height).map(
    ({ text, look, y }) => html`<span class="${look}" style="top:${y}px">${text}</span>`,
  );
}

/** Moves labels apart that would lie on each other, and into the plot. */
function spread<T extends { readonly y: number }>(labels: readonly T[], height: number): T[] {
  const sorted = [...labels].sort((a, b) => a.y - b.y);
  const ys: number[] = [];
  for (const { y } of sorted) ys.push(Math.max(y, (ys.at(-1) ?? -labelHeight) + labelHeight));
  let limit = height;
  for (let i = ys.length - 1; i >= 0; i--) {
    ys[i] = Math.min(ys[i]!, limit);
    limit = ys[i]! - labelHeight;
  }
  return sorted.map((label, i) => ({ ...label, y: round(ys[i]!) }));
}

function eventRow(
  { name, look, steps }: { readonly name: string; readonly look: string; readonly steps: readonly number[] },
  axis: StepAxis,
): Html {
  const columns = [...new Set(steps.map((step) => columnOf(step, axis.lastStep, width)))];
  const label = `${name}, ${steps.length} marks`;
  return html`<div class="row"><div class="plot"><svg viewBox="0 0 ${width} 10" preserveAspectRatio="none" role="img" aria-label="${label}"><path class="tick ${look}" d="${columns.map((c) => `M${c} 1v8`).join("")}"/></svg></div><div class="ends"><span class="${look}">${name}</span></div></div>`;
}

function rangeInWords(name: string, points: readonly Point[]): string {
  const finite = points.filter(({ value }) => Number.isFinite(value));
  if (finite.length === 0) return `${name}: no value`;
  return `${name} from ${figure(finite[0]!.value)} to ${figure(finite.at(-1)!.value)}`;
}

function round(x: number): number {
  return Math.round(10 * x) / 10;
}
