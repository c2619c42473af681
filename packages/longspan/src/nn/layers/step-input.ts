import {
  checkNumber,
  checkNumbers,
  describeElement,
  formatShape,
  type Shape,
  ShapeError,
  type Tensor,
  Value,
} from "../../tensor/index.js";

/** Numbers of the rows of one step, row after row; a number where there is one only, such as a symbol. */
export type RowNumbers = number | ArrayLike<number>;

/** One input of the steps of a stream: its memory, and what may go there. */
export class StepInput<V extends Pick<Tensor, "shape" | "size" | "dtype"> = Tensor> {
  private readonly single = new Float64Array(1);
  private readonly what: string;

  /** @param stream what messages call the stream @param name of the input; null for x @param values [rows, ...shape] */
  constructor(
    private readonly stream: string,
    private readonly name: string | null,
    private readonly shape: Shape,
    readonly values: V,
  ) {
    this.what = name === null ? stream : `${stream}: ${name}`;
  }

  /** The numbers, checked before anything is changed. */
  check(x: RowNumbers | undefined): ArrayLike<number> {
    const { size, dtype } = this.values;
    if (typeof x === "number" && size === 1) {
      checkNumber(this.what, x, dtype);
      this.single[0] = x;
    }
    const row = typeof x === "number" ? this.single : x;
    if (typeof row !== "object" || row?.length !== size) throw this.misfit(x);
    checkNumbers(this.what, row, dtype);
    if (dtype !== "int32")
      for (let i = 0; i < row.length; i++)
        if (Number.isNaN(row[i]))
          throw new RangeError(
            `${this.what}: element ${i} is NaN, which would stay in the state for good; the state is as it was`,
          );
    return row;
  }

  private misfit(x: unknown): Error {
    const { size, shape } = this.values;
    const rows = shape[0] === 1 ? this.shape : shape;
    const as = this.name === null ? "" : ` as ${this.name}`;
    const many = size === 1 ? `one number${as}` : `${size} numbers${as}, ${formatShape(rows)}`;
    const takes = `${this.stream}: a step takes ${many}`;
    if (typeof x === "number") return new ShapeError(`${takes}, got 1`);
    if (typeof x === "object" && x !== null && "length" in x)
      return new ShapeError(`${takes}, got ${x.length}`);
    return new TypeError(`${takes}, got ${x instanceof Value ? x : describeElement(x)}`);
  }
}
