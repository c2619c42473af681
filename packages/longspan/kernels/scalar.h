// Scalar functions in double precision that C's maths library has not, under the names of their codes (src/program/opcodes.ts).
#pragma once
#include "encoding.h"

namespace longspan {
namespace scalar {

inline double neg(double x) { return -x; }
inline double sigmoid(double x) { return 1 / (1 + ::exp(-x)); }
inline double sqrt(double x) { return __builtin_sqrt(x); }
inline double abs(double x) { return __builtin_fabs(x); }
inline double sign(double x) { return x > 0 ? 1 : x < 0 ? -1 : x; }
inline double oneMinus(double x) { return 1 - x; }
inline double oneMinusSquare(double x) { return 1 - x * x; }
inline double selfTimesOneMinus(double x) { return x * (1 - x); }

typedef double (*Function)(double);

/** The function of a code; of `cast`, null. */
inline Function functionOf(Unary code) {
  switch (code) {
#define LONGSPAN_CASE(name, function) \
  case Unary::name:                   \
    return function;
    LONGSPAN_UNARY(LONGSPAN_CASE)
#undef LONGSPAN_CASE
    default:
      return nullptr;
  }
}

}  // namespace scalar
}  // namespace longspan
