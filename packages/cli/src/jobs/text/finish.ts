import { quoted } from "../../run-control.js";
import type { Ending } from "../job.js";
import type { TextFacts } from "./events.js";
import { drawSample, type SampleRequest, writeSample } from "./sample-text.js";

/** Characters, words or tokens of the sample at the end of a run. */
const sampleLength = { char: 400, word: 80, token: 80, subword: 120 } as const;

/** The end of a run that has a model to draw from: its figures, and what it writes. @param done tells the figures */
export async function finishText(
  drawn: Pick<SampleRequest, "model" | "params" | "vocabulary" | "key" | "signal">,
  { folder, json, sample }: Ending<TextFacts>,
  done: () => void,
): Promise<void> {
  const { vocabulary } = drawn;
  // A net that has read no character yet is in a state that training hardly shows it; after a line's end it knows where it is.
  const { level } = vocabulary;
  const prompt = (level === "char" || level === "token") && vocabulary.symbols.includes("\n") ? "\n" : "";
  const request = { ...drawn, length: sampleLength[vocabulary.level], temperature: 0.8, prompt };
  if (json) {
    // The figures come last, where programs look for them, and come in any case.
    try {
      sample((await drawSample(request)).slice(prompt.length));
    } finally {
      done();
    }
    return;
  }
  done();
  process.stdout.write(`\na sample, at temperature 0.8:\n${prompt === "" ? "\n" : ""}`);
  sample((await writeSample(process.stdout, request)).slice(prompt.length));
  process.stdout.write(
    `\nMore of it:   longspan sample ${quoted(folder)} --length 1000 --seed 2\nIts curves:   open ${quoted(`${folder}/report.html`)} in a browser\n`,
  );
}
