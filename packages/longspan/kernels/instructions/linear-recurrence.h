// out[r, o, j, i] = a[r, o, j, i] out[r, o, j - 1, i] + b[r, o, j, i] (j + 1 in reverse), carried in double precision.
#pragma once
#include "instruction.h"
#ifdef LONGSPAN_RUNS
#include "instruction-context.h"
#endif

namespace longspan {
namespace instruction {

struct linearRecurrence : Common {
  static constexpr bool byRows = true;

  static bool check(Checks& c, Instruction& i) {
    const int64_t columns = c.times(i.outer, i.length, i.inner);
    return c.check(i.out, i.space, columns, true) && c.check(i.a, i.space, columns) && c.check(i.b, i.space, columns) &&
           c.same(i.out, i.a) && c.same(i.out, i.b);
  }
  static double cost(const Program&, const Instruction& i) {
    return static_cast<double>(i.outer) * i.length * i.inner;
  }
};

}  // namespace instruction

#ifdef LONGSPAN_RUNS
namespace LONGSPAN_ISA {

template <class T>
LONGSPAN_SMALL void linearRecurrence(const Bound& bound, const Instruction& i, const Span& span) {
  const int64_t inner = i.inner;
  const int64_t whole = i.length * inner;
  const int64_t first = i.reverse ? (static_cast<int64_t>(i.length) - 1) * inner : 0;
  const int64_t step = i.reverse ? -inner : inner;
  for (int64_t r = span.begin; r < span.end; r++) {
    const T* a = bound.at<const T>(i.a, bound.rowOf(i.a, r)) + first;
    const T* b = bound.at<const T>(i.b, bound.rowOf(i.b, r)) + first;
    T* out = bound.at<T>(i.out, bound.rowOf(i.out, r)) + first;
    for (int64_t o = 0; o < i.outer; o++, a += whole, b += whole, out += whole)
      for (int64_t c = 0; c < inner; c++) {
        double carried = static_cast<double>(b[c]);
        out[c] = fromDouble<T>(carried);
        for (int64_t j = 1; j < i.length; j++) {
          const int64_t at = c + j * step;
          carried = static_cast<double>(a[at]) * carried + static_cast<double>(b[at]);
          out[at] = fromDouble<T>(carried);
        }
      }
  }
}

inline Status run(instruction::linearRecurrence, const InstructionContext& context, const Instruction& i, const Span& span) {
  if (i.length == 0) return Status::ok;
  withType(context.bound.typeOf(i.out), [&](auto type) { linearRecurrence<LONGSPAN_TYPE(type)>(context.bound, i, span); });
  return Status::ok;
}

}  // namespace LONGSPAN_ISA
#endif
}  // namespace longspan
