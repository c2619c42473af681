/** The function cannot be captured: repeating the programs that it ran would not do the same. */
export class CaptureError extends Error {
  override name = "CaptureError";
}
