import type { Box } from "./picture.js";
import { pictureWidth } from "./picture.js";

/** Boxes of equal size side by side, row after row; `below` is the room under and `above` over each. */
export function panels(
  count: number,
  { columns, height, above, below }: { columns: number; height: number; above: number; below: number },
): { boxes: Box[]; height: number } {
  const gap = 24;
  const width = (pictureWidth - gap * (columns - 1)) / columns;
  const boxes = Array.from({ length: count }, (_, k) => ({
    left: (k % columns) * (width + gap),
    top: Math.floor(k / columns) * (above + height + below) + above,
    width,
    height,
  }));
  return { boxes, height: Math.ceil(count / columns) * (above + height + below) };
}
