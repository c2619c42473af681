import { type AnySequenceLayer, chain, draw, drawUnfolded, type OpenedRun } from "longspan";
import { fileReason, replaceFile } from "longspan/node";
import type { DrawRunOptions } from "./command-options.js";
import { exitCode, Failure } from "./failure.js";
import { openTrained } from "./own-cell.js";
import { pngOf } from "./picture-png.js";

/** Draws the model of a run: its circuit, or so many steps of it. */
export async function drawRun(run: string, { unfolded, detail, out }: DrawRunOptions): Promise<void> {
  const format = out === undefined ? "svg" : (/\.(svg|png)$/i.exec(out)?.[1]?.toLowerCase() ?? null);
  if (format === null)
    throw new Failure(
      `--out ${out}: a drawing is an .svg or a .png file; give a name that ends so`,
      exitCode.usage,
    );
  if (unfolded !== undefined && detail === "operations")
    throw new Failure(
      "--detail operations is for the circuit, not for --unfolded; leave one of the two out",
      exitCode.usage,
    );
  const opened: OpenedRun = await openTrained(run);
  const { kind } = opened;
  const { model, params } = netOf(opened, run);
  // Its own parameters: only their shapes count, and to make others would take its time.
  const drawn = {
    init: () => params,
    apply: model.apply,
    input: model.input,
    further: model.further,
    stream: model.stream,
  };
  const title = { title: `${run}, a model of the kind ${kind}` };
  const svg =
    unfolded === undefined
      ? draw(drawn as never, { ...title, ...(detail ? { detail } : {}) })
      : drawUnfolded(drawn as never, chain([unfolded]), {
          ...title,
          ...(detail ? { detail: detail as "units" | "variables" } : {}),
        });
  if (out === undefined) {
    process.stdout.write(svg);
    return;
  }
  try {
    replaceFile(out, format === "png" ? pngOf(svg) : svg);
  } catch (error) {
    throw new Failure(`cannot write to ${out}: ${fileReason(error)}`);
  }
}

/** The sequence layer in a run, with its parameters. @throws Failure if there is none */
function netOf(
  opened: OpenedRun,
  run: string,
): { readonly model: AnySequenceLayer; readonly params: unknown } {
  const { kind, net, params } = opened;
  const { model } = opened as { readonly model?: AnySequenceLayer };
  if (net !== undefined) return net;
  if (model !== undefined && "stream" in model) return { model, params };
  throw new Failure(
    `${run} is a run of the kind ${kind}, whose net is no chain of steps that could be drawn`,
  );
}
