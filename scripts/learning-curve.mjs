// Draws the learning curve of a run as an SVG file: node scripts/learning-curve.mjs RUN/metrics.jsonl OUT.svg
import { readFileSync, writeFileSync } from "node:fs";

const [source, target] = process.argv.slice(2);
if (!source || !target) {
  console.error("usage: node scripts/learning-curve.mjs RUN/metrics.jsonl OUT.svg");
  process.exit(2);
}
const events = readFileSync(source, "utf8")
  .split("\n")
  .filter((line) => line !== "")
  .map((line) => JSON.parse(line));
const curve = (name) => events.filter((e) => e.event === name).map((e) => [e.step, e.nats]);
const train = curve("progress");
// The figure of the finished model closes the curve.
const valid = [
  ...curve("valid"),
  ...events.filter((e) => e.event === "done").map((e) => [e.steps, e.valid.nats]),
];
if (train.length < 2) throw new Error(`${source} holds fewer than two progress events`);

const [width, height, left, bottom, top, right] = [720, 320, 56, 44, 16, 16];
const steps = train.at(-1)[0];
const all = [...train, ...valid].map(([, nats]) => nats);
const high = Math.ceil(Math.max(...all) * 2) / 2;
const low = Math.floor(Math.min(...all) * 2) / 2;
const x = (step) => left + (step / steps) * (width - left - right);
const y = (nats) => top + ((high - nats) / (high - low)) * (height - top - bottom);
const at = (value) => value.toFixed(1);
const path = (points) => points.map(([s, n], i) => `${i === 0 ? "M" : "L"}${at(x(s))} ${at(y(n))}`).join("");

const grid = [];
for (let n = low; n <= high; n += 0.5)
  grid.push(
    `<line x1="${left}" x2="${width - right}" y1="${at(y(n))}" y2="${at(y(n))}" stroke="#ddd"/>`,
    `<text x="${left - 8}" y="${at(y(n) + 4)}" text-anchor="end">${n.toFixed(1)}</text>`,
  );
const unit = 10 ** Math.floor(Math.log10(steps));
const tick = steps / unit > 5 ? unit : unit / 2;
for (let s = 0; s <= steps; s += tick)
  grid.push(`<text x="${at(x(s))}" y="${height - bottom + 18}" text-anchor="middle">${s}</text>`);
const dots = valid.map(([s, n]) => `<circle cx="${at(x(s))}" cy="${at(y(n))}" r="3" fill="#c0392b"/>`);
const middle = (top + height - bottom) / 2;

writeFileSync(
  target,
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12" fill="#333">
<title>Training and validation loss in nats per character against steps</title>
<rect width="${width}" height="${height}" fill="#fff"/>
${grid.join("\n")}
<path d="${path(train)}" fill="none" stroke="#2c6fbb" stroke-width="1.2"/>
<path d="${path(valid)}" fill="none" stroke="#c0392b" stroke-width="1.5"/>
${dots.join("\n")}
<text x="${(left + width - right) / 2}" y="${height - 8}" text-anchor="middle">step</text>
<text x="14" y="${middle}" text-anchor="middle" transform="rotate(-90 14 ${middle})">nats per character</text>
<text x="${width - 200}" y="34" fill="#2c6fbb">training</text>
<text x="${width - 120}" y="34" fill="#c0392b">validation</text>
</svg>
`,
);
