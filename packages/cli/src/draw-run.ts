import { type AnySequenceLayer, chain, type Drawable, draw, drawUnfolded, type OpenedRun } from "longspan";
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
  const { of, over } = drawableOf(opened, run, unfolded ?? 2);
  const title = { title: `${run}, a model of the kind ${kind}` };
  const svg =
    unfolded === undefined
      ? draw(of, { ...title, ...(detail ? { detail } : {}), ...(over ? { arguments: over } : {}) })
      : drawUnfolded(of, over ?? chain([unfolded]), {
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

/**
 * The model in a run, and what it is applied to where it is no sequence layer.
 * @param size steps, or leaves of a tree
 * @throws Failure if it cannot be drawn
 */
function drawableOf(
  { kind, net, drawn, params, ...opened }: OpenedRun,
  run: string,
  size: number,
): { readonly of: Drawable; readonly over: readonly unknown[] | null } {
  // Its own parameters: only their shapes count, and to make others would take its time.
  const withOwn = (of: object, own: unknown) => ({ ...of, init: () => own }) as never;
  if (drawn !== undefined) {
    const { model, arguments: over } = drawn(size);
    return { of: withOwn({ apply: model.apply }, params), over };
  }
  const { model } = opened as { readonly model?: AnySequenceLayer };
  const layer = net ?? (model !== undefined && "stream" in model ? { model, params } : null);
  if (layer === null)
    throw new Failure(
      `${run} is a run of the kind ${kind}, whose net is no chain of steps that could be drawn`,
    );
  const { apply, input, further, stream } = layer.model;
  return { of: withOwn({ apply, input, further, stream }, layer.params), over: null };
}
