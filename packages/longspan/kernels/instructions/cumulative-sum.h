// out[r, o, j, i] (+)= sum over q <= j (q >= j) of a[r, o, q, i], in double precision.
#pragma once
#include "instruction.h"
#ifdef LONGSPAN_RUNS
#include "instruction-context.h"
#endif

namespace longspan {
namespace instruction {

struct cumulativeSum : Common {
  static constexpr int reads = 1;
  static constexpr bool byRows = true;

  static bool check(Checks& c, Instruction& i) {
    const int64_t columns = c.times(i.outer, i.length, i.inner);
    return c.check(i.out, i.space, columns, true) && c.check(i.a, i.space, columns) && c.same(i.out, i.a);
  }
  static double cost(const Program&, const Instruction& i) {
    return static_cast<double>(i.outer) * i.length * i.inner / 2;
  }
};

}  // namespace instruction

#ifdef LONGSPAN_RUNS
namespace LONGSPAN_ISA {

template <class T>
LONGSPAN_SMALL void cumulativeSum(const Bound& bound, const Instruction& i, const Span& span) {
  const int64_t inner = i.inner;
  const int64_t first = i.reverse ? (static_cast<int64_t>(i.length) - 1) * inner : 0;
  const int64_t step = i.reverse ? -inner : inner;
  for (int64_t r = span.begin; r < span.end; r++) {
    const T* a = bound.at<const T>(i.a, bound.rowOf(i.a, r)) + first;
    T* out = bound.at<T>(i.out, bound.rowOf(i.out, r)) + first;
    for (int64_t o = 0; o < i.outer; o++, a += i.length * inner, out += i.length * inner)
      for (int64_t c = 0; c < inner; c++) {
        double sum = 0;
        for (int64_t j = 0; j < i.length; j++) {
          sum += static_cast<double>(a[c + j * step]);
          T& to = out[c + j * step];
          to = fromDouble<T>(i.accumulate ? static_cast<double>(to) + sum : sum);
        }
      }
  }
}

inline Status run(instruction::cumulativeSum, const InstructionContext& context, const Instruction& i, const Span& span) {
  if (i.length == 0) return Status::ok;
  withType(context.bound.typeOf(i.out), [&](auto type) { cumulativeSum<LONGSPAN_TYPE(type)>(context.bound, i, span); });
  return Status::ok;
}

}  // namespace LONGSPAN_ISA
#endif
}  // namespace longspan
