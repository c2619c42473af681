import type { InputSpec, InputSpecs } from "../../cell/index.js";
import { formatShape, type Shape, ShapeError, sameShape } from "../../tensor/index.js";
import type { AnyLayer, AnySequenceLayer } from "../module.js";

/** Whether a layer runs over a structure; the others work row by row. */
export function isSequenceLayer(layer: AnyLayer | AnySequenceLayer): layer is AnySequenceLayer {
  return "stream" in layer;
}

/** The shape of one row of an input. */
export function rowShape(input: InputSpec): Shape {
  return "shape" in input ? input.shape : input;
}

/** Whether a layer's rows of input and of output have one shape; null where that is not known before it runs. */
export function keepsWidth({ input, features }: AnyLayer | AnySequenceLayer): boolean | null {
  return input === undefined || features === undefined ? null : sameShape(rowShape(input), [features]);
}

/** What one row of the first of some layers is. @throws TypeError if that layer does not say it */
export function inputOf(what: string, subject: string, { input }: AnyLayer | AnySequenceLayer): InputSpec {
  if (input === undefined)
    throw new TypeError(
      `${what}: ${subject} comes first and does not say what it reads; give it \`input\`, the shape of one row of x`,
    );
  return input;
}

/**
 * What some layers read besides x, each input once: layers that read one of the same name share it.
 * @throws ShapeError if they are made for different ones
 */
export function furtherOf(
  what: string,
  layers: readonly (AnyLayer | AnySequenceLayer)[],
): InputSpecs | undefined {
  const all: Record<string, InputSpec> = {};
  for (const layer of layers)
    for (const [name, spec] of Object.entries(isSequenceLayer(layer) ? (layer.further ?? {}) : {})) {
      const other = Object.hasOwn(all, name) ? all[name]! : spec;
      if (!sameShape(rowShape(other), rowShape(spec)) || dtypeOf(other) !== dtypeOf(spec))
        throw new ShapeError(
          `${what}: two layers read an input "${name}", as ${shown(other)} and as ${shown(spec)}; inputs are found by name, so give one of them another`,
        );
      all[name] = spec;
    }
  return Object.keys(all).length > 0 ? all : undefined;
}

function dtypeOf(spec: InputSpec): string {
  return "shape" in spec ? spec.dtype : "floats";
}

function shown(spec: InputSpec): string {
  return `${dtypeOf(spec)} ${formatShape(rowShape(spec))}`;
}
