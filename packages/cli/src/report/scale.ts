/** A mark on an axis. */
export interface Tick {
  readonly at: number;
  readonly text: string;
}

/** An axis: where values lie on it, and its marks. */
export interface Scale {
  /** In [0, 1] from its beginning to its end; values beyond them are put there. */
  position(value: number): number;
  readonly ticks: readonly Tick[];
}

/** Equal differences have equal lengths. */
export function linearScale(low: number, high: number, marks = 5): Scale {
  const span = high - low;
  const position = (value: number) => inside(span > 0 ? (value - low) / span : 0.5);
  const step = span > 0 ? niceStep(span / marks) : 1;
  const ticks: Tick[] = [];
  for (let k = Math.ceil(low / step - 1e-9); k * step <= high + 1e-9 * step; k++)
    ticks.push({ at: position(k * step), text: spelt(k * step, step) });
  return { position, ticks };
}

/** Equal ratios have equal lengths; `low` is above 0. What is not goes to the lower end. */
export function logScale(low: number, high: number, marks = 5): Scale {
  const [from, to] = [Math.log10(low), Math.log10(high)];
  const position = (value: number) => inside(to > from ? (Math.log10(value) - from) / (to - from) : 0.5);
  const decades = Math.max(1, Math.ceil((to - from) / marks));
  const digits =
    to - from > 2 ? [1] : to - from > 1.3 ? [1, 3] : to - from > 0.5 ? [1, 2, 5] : [1, 2, 3, 4, 5, 6, 7, 8];
  const ticks: Tick[] = [];
  for (let k = Math.floor(from); k <= to; k++)
    for (const digit of k % decades === 0 ? digits : []) {
      const value = Number(`${digit}e${k}`);
      if (value >= low * (1 - 1e-9) && value <= high * (1 + 1e-9))
        ticks.push({ at: position(value), text: figure(value) });
    }
  return { position, ticks };
}

/** 1, 2 or 5 times a power of ten, at least `step`. */
function niceStep(step: number): number {
  const power = 10 ** Math.floor(Math.log10(step));
  const digit = [1, 2, 5, 10].find((d) => d * power >= step * (1 - 1e-9)) ?? 10;
  return digit * power;
}

/** A multiple of `step` with the digits that tell it from its neighbours. */
function spelt(value: number, step: number): string {
  if (value === 0) return "0";
  const decimals = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  if (decimals > 5 || Math.abs(value) >= 1e9) return figure(value);
  return value.toLocaleString("en-US", { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
}

/** A number in three or four digits: `1,234`, `12.3`, `0.00123`, `1.2e-7`. */
export function figure(value: number): string {
  if (!Number.isFinite(value)) return "not finite";
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-4 || size >= 1e9))
    return Number(value.toPrecision(3)).toExponential().replace("+", "");
  if (size >= 1000) return Math.round(value).toLocaleString("en-US");
  return String(Number(value.toPrecision(size >= 1 ? 4 : 3)));
}

/** A loss in nats or bits, or a norm: `1.234`. What JSON could not hold is null. */
export function lossFigure(value: number | null): string {
  if (value === null || !Number.isFinite(value)) return "not finite";
  return Math.abs(value) < 100 ? value.toFixed(3) : figure(value);
}

function inside(x: number): number {
  return x > 0 ? Math.min(1, x) : 0;
}
