// out[0, b[r, j], :] (+)= a[r, j, :], in row order.
#pragma once
#include "instruction.h"
#ifdef LONGSPAN_RUNS
#include "instruction-context.h"
#endif

namespace longspan {
namespace instruction {

struct indexSum : Common {
  static bool check(Checks& c, Instruction& i) {
    return c.check(i.out, i.space, c.times(i.size, i.columns), true) && c.check(i.a, i.space, c.times(i.count, i.columns)) &&
           c.check(i.b, i.space, i.count) && c.same(i.out, i.a) && c.isInt(i.b);
  }
};

}  // namespace instruction

#ifdef LONGSPAN_RUNS
namespace LONGSPAN_ISA {

template <class T>
LONGSPAN_SMALL Status indexSum(const Bound& bound, const Instruction& i, const Span& span, Failure& failure) {
  const int64_t whole = static_cast<int64_t>(i.size) * i.columns;
  const bool shared = i.out.rows == rowsFixed;
  if (!i.accumulate && shared) __builtin_memset(bound.at<T>(i.out, 0), 0, static_cast<size_t>(whole) * sizeof(T));
  for (int64_t r = span.begin; r < span.end; r++) {
    T* to = bound.at<T>(i.out, bound.rowOf(i.out, r));
    if (!i.accumulate && !shared) __builtin_memset(to, 0, static_cast<size_t>(whole) * sizeof(T));
    const T* from = bound.at<T>(i.a, bound.rowOf(i.a, r));
    const int32_t* index = bound.at<int32_t>(i.b, bound.rowOf(i.b, r));
    for (int32_t j = 0; j < i.count; j++) {
      const int32_t q = index[j];
      if (q < 0 || q >= i.size) return failAt(failure, q, r, j, i.size);
      addRow(to + static_cast<int64_t>(q) * i.columns, from + static_cast<int64_t>(j) * i.columns, i.columns);
    }
  }
  return Status::ok;
}

inline Status run(instruction::indexSum, const InstructionContext& context, const Instruction& i, const Span& span) {
  Status status = Status::ok;
  withType(context.bound.typeOf(i.out),
           [&](auto type) { status = indexSum<LONGSPAN_TYPE(type)>(context.bound, i, span, context.failure); });
  return status;
}

}  // namespace LONGSPAN_ISA
#endif
}  // namespace longspan
