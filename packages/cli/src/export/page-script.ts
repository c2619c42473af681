import { Html } from "../report/html.js";

/** The script of the page: it opens the run, shows what it can do, and does it. */
export const script = new Html(`<script type="module">
import { openRun } from "./longspan/dist/web/open-run.js";

const at = (id) => document.getElementById(id);
const element = (name, content, properties = {}) => {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...(Array.isArray(content) ? content : [content]));
  return made;
};
/** Does what a button is for, tells what is wrong, and takes no second press meanwhile. */
const pressed = (button, work) => {
  at(button).onclick = async () => {
    at("problem").textContent = "";
    at(button).disabled = true;
    try {
      await work();
    } catch (error) {
      at("problem").textContent = error.message;
    } finally {
      at(button).disabled = false;
    }
  };
};
/** Shares of one as bars. */
const bars = (rows) =>
  element("div", rows.flatMap(([name, share]) => {
    const bar = element("i", element("i", ""));
    bar.firstChild.style.width = (100 * share).toFixed(2) + "%";
    return [element("code", name), bar, element("span", (100 * share).toFixed(1) + " %")];
  }), { className: "bars" });
/** An answer: bars for what has probabilities, else its JSON. */
const shown = (answer) => {
  if (answer.next) return bars(answer.next.map(({ symbol, probability }) => [JSON.stringify(symbol).slice(1, -1).replace(/^ $/, "space"), probability]));
  if (answer.probabilities && !Array.isArray(answer.probabilities)) return bars(Object.entries(answer.probabilities));
  return element("pre", JSON.stringify(answer, null, 1));
};
/** What a line says: JSON where it is JSON, else the text. */
const valueOf = (line) => {
  try {
    return JSON.parse(line);
  } catch {
    return line;
  }
};

try {
  const run = await openRun("./run");
  at("state").textContent = "It is there" + (run.step === null ? "" : ", after " + run.step + " steps of training") + ".";
  if (run.draws) {
    pressed("draw", async () => {
      at("drawn").textContent = at("prompt").value;
      const settings = { prompt: at("prompt").value };
      for (const name of ["length", "temperature", "seed"]) settings[name] = Number(at(name).value);
      for await (const piece of run.draw(settings)) at("drawn").append(piece);
    });
    at("draws").hidden = false;
  }
  if (run.predicts) {
    at("takes").textContent = run.predicts;
    pressed("predict", async () => {
      const lines = at("inputs").value.split("\\n").filter((line) => line.trim() !== "");
      const answers = await run.predict(lines.map(valueOf));
      at("answers").replaceChildren(...answers.map((answer, i) => element("div", [element("p", lines[i], { className: "hint" }), shown(answer)], { style: "margin: 0 0 18px" })));
    });
    at("predicts").hidden = false;
  }
  if (run.streams) {
    at("reads").textContent = "it reads " + run.streams;
    let stream = await run.openStream();
    pressed("step", async () => {
      const read = at("read").value;
      at("said").replaceChildren(shown(await stream.step(run.draws ? read : valueOf(read))));
    });
    pressed("again", async () => {
      await stream.close();
      stream = await run.openStream();
      at("said").replaceChildren();
    });
    at("streams").hidden = false;
  }
  document.documentElement.dataset.ready = "yes";
} catch (error) {
  at("state").textContent = "";
  at("problem").textContent = error.message;
  document.documentElement.dataset.ready = "no";
}
</script>`);
