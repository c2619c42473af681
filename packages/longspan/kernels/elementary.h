// Scalar functions on vectors of float32, under the names of their codes: a code without one here is computed lane by lane in
// double precision (scalar.h). How exact each is says the table of codes (src/program/opcodes.ts). NaN stays NaN, infinities
// have their limits, results that are subnormal are subnormal.
#pragma once
#include "vector.h"

namespace longspan {
namespace LONGSPAN_ISA {

LONGSPAN_INLINE Floats minimum(Floats a, Floats b) { return a < b ? a : b; }
LONGSPAN_INLINE Floats maximum(Floats a, Floats b) { return a > b ? a : b; }

/** 2^n for n in [-126, 127]. */
LONGSPAN_INLINE Floats powerOfTwo(Ints n) { return asFloats((n + 127) << 23); }

/** The nearest integer: adding 1.5 x 2^23 leaves no room for a fraction. For |x| < 2^22. */
LONGSPAN_INLINE Floats nearest(Floats x) {
  const Floats magic = splat(12582912.0f);
  return (x + magic) - magic;
}

/** x = n ln 2 + r with |r| <= ln 2 / 2; e^r by its Taylor polynomial of degree 7 (relative error below 3e-9). */
LONGSPAN_INLINE Floats expReduced(Floats x, Ints* n) {
  const Floats k = nearest(x * 1.44269504088896341f);
  *n = __builtin_convertvector(k, Ints);
  Floats r = x - k * 0.693359375f;
  r = r - k * -2.12194440e-4f;
  Floats p = splat(1.9841270e-4f);
  p = p * r + 1.3888889e-3f;
  p = p * r + 8.3333333e-3f;
  p = p * r + 4.1666667e-2f;
  p = p * r + 1.6666667e-1f;
  p = p * r + 0.5f;
  return (p * r) * r + r;  // e^r - 1
}

LONGSPAN_INLINE Floats exp(Floats x) {
  Floats y = maximum(minimum(x, splat(89.0f)), splat(-104.0f));
  Ints n;
  const Floats p = expReduced(y, &n) + 1.0f;
  // In two factors, so that results below 2^-126 are rounded once and 2^128 does not arise on the way.
  const Ints half = n >> 1;
  const Floats result = (p * powerOfTwo(half)) * powerOfTwo(n - half);
  return x == x ? result : x;
}

/** e^-|x| / (1 + e^-|x|) or its complement: right in both tails. */
LONGSPAN_INLINE Floats sigmoid(Floats x) {
  const Floats magnitude = asFloats(asInts(x) & 0x7fffffff);
  Ints n;
  const Floats p = expReduced(-minimum(magnitude, splat(104.0f)), &n) + 1.0f;
  const Ints half = n >> 1;
  const Floats e = (p * powerOfTwo(half)) * powerOfTwo(n - half);
  const Floats numerator = x < 0.0f ? e : splat(1.0f);
  const Floats result = numerator / (e + 1.0f);
  return x == x ? result : x;
}

/** E / (E + 2) with E = e^2|x| - 1, which is formed without cancellation: 2^n (e^r - 1) + (2^n - 1). */
LONGSPAN_INLINE Floats tanh(Floats x) {
  const Floats magnitude = asFloats(asInts(x) & 0x7fffffff);
  Ints n;
  const Floats p = expReduced(minimum(magnitude, splat(10.0f)) * 2.0f, &n);
  const Floats scale = powerOfTwo(n);
  const Floats e = p * scale + (scale - 1.0f);
  const Floats result = e / (e + 2.0f);
  const Floats signedResult = asFloats(asInts(result) | (asInts(x) & static_cast<int32_t>(0x80000000)));
  return x == x ? signedResult : x;
}

/** x = m 2^k with m in [sqrt 1/2, sqrt 2); ln m = 2 artanh(s), s = (m - 1) / (m + 1), by its series. */
LONGSPAN_INLINE Floats log(Floats x) {
  const Ints subnormal = x < 1.17549435e-38f;
  const Floats scaled = subnormal ? x * 8388608.0f : x;
  const Ints bits = asInts(scaled);
  // Exponent of the mantissa interval that starts at sqrt 1/2.
  const Ints k = (bits - 0x3f3504f3) >> 23;
  const Floats m = asFloats(bits - (k << 23));
  const Floats exponent = __builtin_convertvector(k, Floats) + (subnormal ? splat(-23.0f) : splat(0.0f));
  const Floats f = m - 1.0f;
  const Floats s = f / (m + 1.0f);
  const Floats z = s * s;
  Floats p = splat(0.22222222f);
  p = p * z + 0.28571429f;
  p = p * z + 0.4f;
  p = p * z + 0.66666667f;
  // ln(1 + f) = f - f^2/2 + s (f^2/2 + z p): the leading term is exact.
  const Floats square = 0.5f * f * f;
  const Floats low = s * (square + z * p) + exponent * -2.12194440e-4f;
  const Floats result = exponent * 0.693359375f + (f - (square - low));
  const Floats infinity = splat(__builtin_inff());
  const Floats special = x == 0.0f ? -infinity : x < 0.0f ? splat(__builtin_nanf("")) : x;
  const Ints ordinary = (x > 0.0f) & (x < infinity);
  return ordinary ? result : special;
}

LONGSPAN_INLINE Floats sqrt(Floats x) {
  Floats r = {};
  for (int i = 0; i < lanes<float>; i++) r[i] = __builtin_sqrtf(x[i]);
  return r;
}

#if !defined(__wasm__)
// The same in double precision, within four units in the last place. WebAssembly has two lanes, and its host's functions.

LONGSPAN_INLINE Longs asLongs(Doubles v) { return reinterpret_cast<Longs>(v); }
LONGSPAN_INLINE Doubles asDoubles(Longs v) { return reinterpret_cast<Doubles>(v); }

/** The nearest integer n of x, |x| < 2^51, and 2^n for n in [-1022, 1023]. Adding 1.5 x 2^52 leaves n in the low bits. */
LONGSPAN_INLINE Doubles nearestPower(Doubles x, Doubles* power) {
  const Doubles magic = splat(6755399441055744.0);
  const Doubles shifted = x + magic;
  *power = asDoubles((asLongs(shifted) + 1023) << 52);
  return shifted - magic;
}

/** x = n ln 2 + r with |r| <= ln 2 / 2; e^r - 1 by its Taylor polynomial of degree 13 (the next term is below 2^-57 r). */
LONGSPAN_INLINE Doubles expReduced(Doubles x, Doubles* n) {
  const Doubles magic = splat(6755399441055744.0);
  *n = (x * 1.44269504088896340736 + magic) - magic;
  Doubles r = x - *n * 6.93147180369123816490e-01;
  r = r - *n * 1.90821492927058770002e-10;
  Doubles p = splat(1.6059043836821613e-10);
  p = p * r + 2.08767569878681e-09;
  p = p * r + 2.505210838544172e-08;
  p = p * r + 2.755731922398589e-07;
  p = p * r + 2.7557319223985893e-06;
  p = p * r + 2.48015873015873e-05;
  p = p * r + 1.984126984126984e-04;
  p = p * r + 1.3888888888888889e-03;
  p = p * r + 8.333333333333333e-03;
  p = p * r + 4.1666666666666664e-02;
  p = p * r + 1.6666666666666666e-01;
  p = p * r + 0.5;
  return (p * r) * r + r;
}

LONGSPAN_INLINE Doubles exp(Doubles x) {
  Doubles n, half, rest;
  const Doubles y = x < -746.0 ? splat(-746.0) : x > 710.0 ? splat(710.0) : x;
  const Doubles p = expReduced(y, &n) + 1.0;
  nearestPower(n - nearestPower(n * 0.5, &half), &rest);
  const Doubles result = (p * half) * rest;
  return x == x ? result : x;
}

LONGSPAN_INLINE Doubles sigmoid(Doubles x) { return 1.0 / (exp(-x) + 1.0); }

LONGSPAN_INLINE Doubles tanh(Doubles x) {
  const Doubles magnitude = asDoubles(asLongs(x) & 0x7fffffffffffffff);
  Doubles n, scale;
  const Doubles p = expReduced((magnitude < 20.0 ? magnitude : splat(20.0)) * 2.0, &n);
  nearestPower(n, &scale);
  const Doubles e = p * scale + (scale - 1.0);
  const Doubles result = e / (e + 2.0);
  const Doubles signedResult = asDoubles(asLongs(result) | (asLongs(x) & INT64_MIN));
  return x == x ? signedResult : x;
}
#endif

LONGSPAN_INLINE Floats neg(Floats x) { return -x; }
LONGSPAN_INLINE Floats abs(Floats x) { return asFloats(asInts(x) & 0x7fffffff); }
LONGSPAN_INLINE Floats oneMinus(Floats x) { return 1.0f - x; }
LONGSPAN_INLINE Floats oneMinusSquare(Floats x) { return 1.0f - x * x; }
LONGSPAN_INLINE Floats selfTimesOneMinus(Floats x) { return x * (1.0f - x); }

}  // namespace LONGSPAN_ISA
}  // namespace longspan
