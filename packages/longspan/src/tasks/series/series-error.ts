/** Something that is wrong in records of time series. Who knows the file says its name before the message. */
export class SeriesError extends Error {
  override name = "SeriesError";

  constructor(
    /** The record, as the caller numbers them, such as the line of a file; null where it is no single one. */
    readonly at: number | null,
    /** `id`, `time`, `target`, or the name of a covariate; null where it is none of them. */
    readonly field: string | null,
    /** What is wrong. */
    readonly what: string,
  ) {
    super(
      [at === null ? "" : `record ${at}`, field ?? ""]
        .filter((part) => part !== "")
        .concat(what)
        .join(": "),
    );
  }
}
