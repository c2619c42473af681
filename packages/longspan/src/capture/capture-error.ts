/** A function whose runs cannot be repeated in its place. */
export class CaptureError extends Error {
  override name = "CaptureError";
}
