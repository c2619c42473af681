import { documentHtml } from "../report/document.js";
import { Html, html } from "../report/html.js";
import { script } from "./page-script.js";

/** What the page of a run says before its model is there. */
export interface PageFacts {
  /** The kind of run. */
  readonly kind: string;
  /** What it is called. */
  readonly name: string;
  /** The cell of its model, where the settings name one. */
  readonly cell: string | null;
}

const rules = new Html(`
textarea, input { width: 100%; padding: 8px 10px; border: 1px solid var(--axis); border-radius: 6px; background: var(--page); color: var(--ink); font: inherit; }
textarea { min-height: 5.5em; font-family: ui-monospace, Menlo, Consolas, monospace; font-size: 14px; }
button { padding: 8px 16px; border: 0; border-radius: 6px; background: var(--training); color: var(--page); font: inherit; font-weight: 600; cursor: pointer; }
button:disabled { opacity: 0.5; cursor: default; }
section { margin: 0 0 36px; }
section[hidden] { display: none; }
.row { display: flex; gap: 14px; align-items: end; margin: 10px 0 14px; flex-wrap: wrap; }
.row label { flex: 0 1 9em; color: var(--soft); font-size: 13px; }
.hint { margin: 0 0 8px; color: var(--soft); font-size: 13.5px; }
pre { margin: 0; padding: 12px 14px; border: 1px solid var(--hair); border-radius: 6px; white-space: pre-wrap; overflow-wrap: anywhere; font-size: 14px; min-height: 3.2em; }
.bars { display: grid; grid-template-columns: minmax(2.5em, max-content) 1fr max-content; gap: 4px 12px; align-items: center; font-size: 14px; }
.bars code { white-space: pre; }
.bars i { display: block; height: 12px; border-radius: 3px; background: var(--raw); }
.bars i > i { background: var(--training); }
.problem { color: var(--valid); }
`);

/** The page of a run: what it can do, done in the browser. */
export function pageHtml({ kind, name, cell }: PageFacts): string {
  return documentHtml({
    title: `${name}: a model in the page`,
    kicker: html`a longspan run on ${kind}`,
    heading: name,
    lead: html`${cell === null ? "This model" : `This model (${cell})`} runs in your browser: nothing that you enter leaves it. <span id="state">It is being loaded.</span>`,
    body: html`
<p id="problem" class="problem" role="alert"></p>
<section id="draws" hidden>
<h2>Draw a text</h2>
<textarea id="prompt" aria-label="What the text begins with"></textarea>
<div class="row">
<label>symbols<input id="length" type="number" min="1" max="5000" value="300"></label>
<label>temperature<input id="temperature" type="number" min="0" max="5" step="0.1" value="0.8"></label>
<label>seed<input id="seed" type="number" value="1"></label>
<button id="draw">Draw</button>
</div>
<pre id="drawn"></pre>
</section>
<section id="predicts" hidden>
<h2>Ask the model</h2>
<p class="hint">One input a line: <span id="takes"></span>.</p>
<textarea id="inputs" aria-label="Inputs, one a line"></textarea>
<div class="row"><button id="predict">Ask</button></div>
<div id="answers"></div>
</section>
<section id="streams" hidden>
<h2>Step by step</h2>
<p class="hint">The stream keeps its state: <span id="reads"></span>.</p>
<div class="row"><label style="flex: 1 1 16em">read<input id="read"></label><button id="step">Step</button><button id="again">Start anew</button></div>
<div id="said"></div>
</section>
${script}`,
    footer: "Made by longspan export --web",
    rules,
    policy:
      "default-src 'self'; style-src 'unsafe-inline'; script-src 'self' 'unsafe-inline' 'wasm-unsafe-eval'",
  });
}
