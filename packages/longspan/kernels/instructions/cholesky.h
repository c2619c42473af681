// Per row: `count` factors L of consecutive matrices A = L L', all NaN where A is not positive definite. Sums in double precision.
#pragma once
#include "instruction.h"
#ifdef LONGSPAN_RUNS
#include "instruction-context.h"
#endif

namespace longspan {
namespace instruction {

struct cholesky : Common {
  static constexpr int reads = 1;
  static constexpr bool byRows = true;

  static bool check(Checks& c, Instruction& i) {
    const int64_t columns = c.times(i.count, i.n, i.n);
    if (!c.check(i.out, i.space, columns, true) || !c.check(i.a, i.space, columns) || !c.same(i.out, i.a)) return false;
    return c.typeOf(i.out) == DType::int32 ? c.fail("a factor of integers") : true;
  }
  static double cost(const Program&, const Instruction& i) {
    return static_cast<double>(i.count) * i.n * i.n * i.n / 6 + 10.0 * i.n;
  }
};

}  // namespace instruction

#ifdef LONGSPAN_RUNS
namespace LONGSPAN_ISA {

/** Writes the factor, by columns. False once a pivot is not positive. */
template <class T>
LONGSPAN_SMALL bool factor(int64_t n, const T* a, T* l) {
  for (int64_t j = 0; j < n; j++) {
    const T* left = l + j * n;
    double pivot = static_cast<double>(a[j * n + j]);
    for (int64_t k = 0; k < j; k++) pivot -= static_cast<double>(left[k]) * static_cast<double>(left[k]);
    if (!(pivot > 0 && pivot < __builtin_inf())) return false;
    const double root = __builtin_sqrt(pivot);
    l[j * n + j] = static_cast<T>(root);
    for (int64_t i = 0; i < j; i++) l[i * n + j] = 0;
    for (int64_t i = j + 1; i < n; i++) {
      const T* row = l + i * n;
      double rest = static_cast<double>(a[i * n + j]);
      for (int64_t k = 0; k < j; k++) rest -= static_cast<double>(row[k]) * static_cast<double>(left[k]);
      l[i * n + j] = static_cast<T>(rest / root);
    }
  }
  return true;
}

template <class T>
LONGSPAN_SMALL void cholesky(const Bound& bound, const Instruction& i, const Span& span) {
  const int64_t square = static_cast<int64_t>(i.n) * i.n;
  for (int64_t r = span.begin; r < span.end; r++) {
    const T* a = bound.at<const T>(i.a, bound.rowOf(i.a, r));
    T* l = bound.at<T>(i.out, bound.rowOf(i.out, r));
    for (int64_t q = 0; q < i.count; q++, a += square, l += square)
      if (!factor<T>(i.n, a, l))
        for (int64_t e = 0; e < square; e++) l[e] = static_cast<T>(__builtin_nanf(""));
  }
}

inline Status run(instruction::cholesky, const InstructionContext& context, const Instruction& i, const Span& span) {
  if (context.bound.typeOf(i.out) == DType::float32)
    cholesky<float>(context.bound, i, span);
  else
    cholesky<double>(context.bound, i, span);
  return Status::ok;
}

}  // namespace LONGSPAN_ISA
#endif
}  // namespace longspan
