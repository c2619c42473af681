import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { extname, join } from "node:path";
import { Key, type OpenedRun, sampleSymbols } from "longspan";
import { openRun } from "longspan/node";
import { afterAll, describe, expect, it } from "vitest";
import { type Files, findChromium, openPage } from "../../../longspan/test/browser/chromium.js";
import { freshFolder, longspan } from "../command.js";
import { classifyRunIn, otherRunsIn, syntheticRunIn, textRunIn } from "./runs.js";

const { path: folder, remove } = freshFolder();
afterAll(remove);

const types: Record<string, string> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".json": "application/json",
  ".wasm": "application/wasm",
};

/** A folder as a static server shows it, and a page of the test's own in it. */
function shownFolder(path: string, own: string): Files {
  return (asked) => {
    if (asked === "/test.html") return { type: "text/html", body: own };
    const file = join(path, asked === "/" ? "index.html" : asked);
    if (asked.includes("..") || !existsSync(file)) return undefined;
    return { type: types[extname(file)] ?? "application/octet-stream", body: readFileSync(file) };
  };
}

/** A page that opens another one in a frame, does something there, and posts what comes of it. */
const withFrame = (
  script: string,
) => `<!doctype html><meta charset="utf-8"><iframe src="/" width="900" height="900"></iframe>
<script type="module">
const frame = document.querySelector("iframe");
const until = async (found) => { while (!found()) await new Promise((later) => setTimeout(later, 20)); };
const at = (id) => frame.contentDocument.getElementById(id);
const send = (result) => fetch("/result", { method: "POST", body: JSON.stringify(result) });
try {
  await until(() => frame.contentDocument?.documentElement?.dataset.ready);
  const problem = () => at("problem").textContent;
  const shown = ["draws", "predicts", "streams"].filter((id) => !at(id).hidden);
  const press = async (id) => { at(id).click(); await until(() => !at(id).disabled); };
  ${script}
} catch (error) {
  await send({ error: String(error?.stack ?? error) });
}
</script>`;

const text = await textRunIn(folder);
const browser = findChromium();
const reason = "no Chromium was found; LONGSPAN_BROWSER may name one";

function exported(run: string, name: string): string {
  const out = join(folder, name);
  const { code, stdout, stderr } = longspan(folder, "export", run, "--web", out);
  expect([code, stderr]).toEqual([0, ""]);
  expect(stdout).toContain(`to ${out}; any web server can show it\n`);
  return out;
}

async function pageOf(out: string, script: string): Promise<Record<string, unknown>> {
  if (!browser) throw new Error(reason);
  const result = (await openPage(browser, shownFolder(out, withFrame(script)), "/test.html", 90)) as never;
  expect((result as { error?: string }).error).toBeUndefined();
  return result;
}

describe("longspan export --web", () => {
  it("writes the page, what the model is made of, and the modules that it loads; nothing else of the run", async () => {
    const out = exported(text, "files");
    expect(readdirSync(out).sort()).toEqual(["index.html", "longspan", "run"]);
    expect(readdirSync(join(out, "run")).sort()).toEqual([
      "config.json",
      "vocabulary.json",
      "weights.safetensors",
    ]);
    expect(readdirSync(join(out, "longspan/build"))).toEqual(["longspan-relaxed.wasm", "longspan.wasm"]);
    // No module of it imports a file that is not there.
    for (const file of readdirSync(join(out, "longspan/dist"), { recursive: true, encoding: "utf8" })) {
      if (!file.endsWith(".js")) continue;
      const path = join(out, "longspan/dist", file);
      for (const [, name] of readFileSync(path, "utf8").matchAll(
        /^(?:import|export) [^;]*?from "(\.[^"]*)"/gm,
      ))
        expect(existsSync(join(path, "..", name!))).toBe(true);
    }
  });

  it("leaves a folder alone that holds something", async () => {
    const out = join(folder, "mine");
    mkdirSync(out);
    writeFileSync(join(out, "notes"), "mine");
    const { code, stderr } = longspan(folder, "export", text, "--web", out);
    expect([code, stderr]).toEqual([
      1,
      `error: --web ${out}: the folder is not empty; give another one, or remove it\n`,
    ]);
    expect(readdirSync(out)).toEqual(["notes"]);
  });
});

// .ci/run sets CI: there it must run.
describe.skipIf(!browser && !process.env.CI)(`the page in Chromium${browser ? "" : ` (${reason})`}`, () => {
  it("a run on a text: draws what the process draws, goes on step by step, says what is wrong", async () => {
    const result = await pageOf(
      exported(text, "text-page"),
      `at("prompt").value = "once ";
  at("length").value = "40";
  at("temperature").value = "0.9";
  at("seed").value = "3";
  await press("draw");
  const drawn = at("drawn").textContent;
  at("read").value = "hello";
  await press("step");
  const next = at("said").querySelector("code").textContent;
  at("read").value = "Ä";
  await press("step");
  await send({ shown, drawn, next, problem: problem() });`,
    );
    const { model, params, vocabulary } = openRun(text, "text");
    const settings = { key: Key.of(3), length: 40, temperature: 0.9, prompt: vocabulary.encode("once ") };
    let expected = "once ";
    for await (const symbol of sampleSymbols(model, params, settings))
      expected += vocabulary.decode([symbol]);
    const stream = model.stream(params);
    let logits: number[] = [];
    for (const symbol of vocabulary.encode("hello")) logits = Array.from(stream.step(symbol));
    stream.dispose();
    const best = vocabulary.symbols[logits.indexOf(Math.max(...logits))]!;
    expect(result).toEqual({
      shown: ["draws", "predicts", "streams"],
      drawn: expected,
      next: best === " " ? "space" : JSON.stringify(best).slice(1, -1),
      problem:
        'the character "Ä" (U+00C4), character 0 of the text counted from 0, is not among the 30 of the vocabulary',
    });
  });

  it("a run on a synthetic problem: the output after some steps", async () => {
    const run = await syntheticRunIn(folder);
    const result = await pageOf(
      exported(run, "synthetic-page"),
      `at("read").value = "[[0.25, 1], [0.5, -1]]";
  await press("step");
  await send({ shown, said: JSON.parse(at("said").textContent), problem: problem() });`,
    );
    const { model, params } = openRun(run, "synthetic");
    const stream = model.stream(params);
    stream.step([0.25, 1]);
    const output = Array.from(stream.step([0.5, -1]));
    stream.dispose();
    const { said, ...rest } = result as { said: { output: number[] } };
    expect(rest).toEqual({ shown: ["predicts", "streams"], problem: "" });
    expect(said.output[0]).toBeCloseTo(output[0]!, 6);
  });

  it("a run on classes: an answer to each line", async () => {
    const run = await classifyRunIn(folder);
    const result = await pageOf(
      exported(run, "classify-page"),
      `at("inputs").value = "a first text\\n\\nanother";
  await press("predict");
  const rows = [...at("answers").children].map((row) => row.textContent.trim().replace(/\\s+/g, " "));
  await send({ shown, rows, problem: problem() });`,
    );
    const predictor = openRun(run, "classify").predictor();
    const answers = await predictor.predict([predictor.read("a first text"), predictor.read("another")]);
    const told = (answers as { probabilities: Record<string, number> }[]).map(({ probabilities }, i) =>
      [
        ["a first text", "another"][i],
        ...Object.entries(probabilities).map(([label, p]) => `${label}${(100 * p).toFixed(1)} %`),
      ].join(""),
    );
    expect(result).toEqual({ shown: ["predicts", "streams"], rows: told, problem: "" });
  });

  it("runs on trees, tags and series: an answer to each line", async () => {
    for (const { path, kind, input } of await otherRunsIn(folder)) {
      const result = await pageOf(
        exported(path, `${kind}-page`),
        `at("inputs").value = ${JSON.stringify(input)};
  await press("predict");
  await send({ shown, answer: at("answers").querySelector("pre")?.textContent, problem: problem() });`,
      );
      expect(result).toMatchObject({ shown: ["predicts"], problem: "" });
      const predictor = (openRun(path) as OpenedRun).predictor!();
      const value: unknown = input.startsWith("{") ? JSON.parse(input) : input;
      const [expected] = await predictor.predict([predictor.read(value)]);
      expect(rounded(JSON.parse(result.answer as string))).toEqual(rounded(expected));
    }
  });
});

/** The same with rounded numbers: the page computes on other kernels. */
function rounded(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value), (_, entry) =>
    typeof entry === "number" ? entry.toFixed(3) : entry,
  );
}
