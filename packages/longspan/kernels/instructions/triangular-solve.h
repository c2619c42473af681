// Per row: `count` systems op(A) X = B with triangular A[n, n], B[n, m]. Sums are formed in double precision.
#pragma once
#include "instruction.h"
#ifdef LONGSPAN_RUNS
#include "instruction-context.h"
#endif

namespace longspan {
namespace instruction {

struct triangularSolve : Common {
  static constexpr bool byRows = true;

  static bool check(Checks& c, Instruction& i) {
    const int64_t right = c.times(i.count, i.n, i.m);
    return c.check(i.out, i.space, right, true) && c.check(i.a, i.space, c.times(i.count, i.n, i.n)) &&
           c.check(i.b, i.space, right) && c.floats(i);
  }
  static double cost(const Program&, const Instruction& i) {
    return static_cast<double>(i.count) * i.n * i.n * i.m / 2;
  }
};

}  // namespace instruction

#ifdef LONGSPAN_RUNS
namespace LONGSPAN_ISA {

/** Columns of the right side that are worked through together. */
constexpr int solvedTogether = 8;

template <class T>
LONGSPAN_SMALL void solveTriangle(const Instruction& i, const T* a, const T* b, T* x) {
  const int64_t n = i.n;
  const int64_t m = i.m;
  const bool forwards = (i.lower != 0) != (i.transposeA != 0);
  const int64_t down = i.transposeA ? 1 : n;
  const int64_t across = i.transposeA ? n : 1;
  for (int64_t s = 0; s < n; s++) {
    const int64_t row = forwards ? s : n - 1 - s;
    const double pivot = static_cast<double>(a[row * (n + 1)]);
    for (int64_t c = 0; c < m; c += solvedTogether) {
      const int64_t columns = m - c < solvedTogether ? m - c : solvedTogether;
      double rest[solvedTogether];
      for (int64_t v = 0; v < columns; v++) rest[v] = static_cast<double>(b[row * m + c + v]);
      for (int64_t t = 0; t < s; t++) {
        const int64_t known = forwards ? t : n - 1 - t;
        const double left = static_cast<double>(a[row * down + known * across]);
        const T* right = x + known * m + c;
        for (int64_t v = 0; v < columns; v++) rest[v] -= left * static_cast<double>(right[v]);
      }
      for (int64_t v = 0; v < columns; v++) x[row * m + c + v] = static_cast<T>(rest[v] / pivot);
    }
  }
}

template <class T>
LONGSPAN_SMALL void triangularSolve(const Bound& bound, const Instruction& i, const Span& span) {
  const int64_t square = static_cast<int64_t>(i.n) * i.n;
  const int64_t right = static_cast<int64_t>(i.n) * i.m;
  for (int64_t r = span.begin; r < span.end; r++) {
    const T* a = bound.at<const T>(i.a, bound.rowOf(i.a, r));
    const T* b = bound.at<const T>(i.b, bound.rowOf(i.b, r));
    T* x = bound.at<T>(i.out, bound.rowOf(i.out, r));
    for (int64_t q = 0; q < i.count; q++) solveTriangle(i, a + q * square, b + q * right, x + q * right);
  }
}

inline Status run(instruction::triangularSolve, const InstructionContext& context, const Instruction& i, const Span& span) {
  if (context.bound.typeOf(i.out) == DType::float32)
    triangularSolve<float>(context.bound, i, span);
  else
    triangularSolve<double>(context.bound, i, span);
  return Status::ok;
}

}  // namespace LONGSPAN_ISA
#endif
}  // namespace longspan
