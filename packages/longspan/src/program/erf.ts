/**
 * The error function: erf x = 2 / sqrt(pi) times the integral of e^(-t^2) from 0 to x, to a few units in the last place of
 * double precision. Up to 1 its Maclaurin series, whose terms hardly cancel there; beyond, 1 - erfc x by Laplace's continued
 * fraction (Abramowitz and Stegun 7.1.5 and 7.1.14).
 */
export function erf(x: number): number {
  const z = Math.abs(x);
  if (z < 1) return maclaurin(x);
  // erf rounds to 1 from 5.93 on. A NaN stays one.
  return Math.sign(x) * (z < 6 ? 1 - Math.exp(-z * z) * fraction(z) : 1);
}

/** 2 x / sqrt pi (1 - x^2 (1/3 - x^2/2 (1/5 - x^2/3 (1/7 - ...)))), from the inside out. */
function maclaurin(x: number): number {
  let sum = 0;
  for (let n = 20; n >= 0; n--) sum = 1 / (2 * n + 1) - ((x * x) / (n + 1)) * sum;
  return (2 / Math.sqrt(Math.PI)) * x * sum;
}

/** e^(x^2) erfc x = 1 / (x + (1/2) / (x + 1 / (x + (3/2) / (x + ...)))) / sqrt pi */
function fraction(x: number): number {
  let tail = x;
  for (let n = 250; n >= 1; n--) tail = x + n / 2 / tail;
  return 1 / (tail * Math.sqrt(Math.PI));
}
