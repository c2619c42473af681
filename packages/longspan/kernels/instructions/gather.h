// out[r, j, :] = a[r, b[r, j], :]: rows of a table by number.
#pragma once
#include "instruction.h"
#ifdef LONGSPAN_RUNS
#include "instruction-context.h"
#endif

namespace longspan {
namespace instruction {

struct gather : Common {
  static bool check(Checks& c, Instruction& i) {
    return c.check(i.out, i.space, c.times(i.count, i.columns), true) && c.check(i.a, i.space, c.times(i.size, i.columns)) &&
           c.check(i.b, i.space, i.count) && c.same(i.out, i.a) && c.isInt(i.b);
  }
};

}  // namespace instruction

#ifdef LONGSPAN_RUNS
namespace LONGSPAN_ISA {

template <class T>
Status gather(const Bound& bound, const Instruction& i, const Span& span, Failure& failure) {
  for (int64_t r = span.begin; r < span.end; r++) {
    T* to = bound.at<T>(i.out, bound.rowOf(i.out, r));
    const T* table = bound.at<T>(i.a, bound.rowOf(i.a, r));
    const int32_t* index = bound.at<int32_t>(i.b, bound.rowOf(i.b, r));
    for (int32_t j = 0; j < i.count; j++) {
      const int32_t q = index[j];
      if (q < 0 || q >= i.size) return failAt(failure, q, r, j, i.size);
      __builtin_memcpy(to + static_cast<int64_t>(j) * i.columns, table + static_cast<int64_t>(q) * i.columns,
                       static_cast<size_t>(i.columns) * sizeof(T));
    }
  }
  return Status::ok;
}

inline Status run(instruction::gather, const InstructionContext& context, const Instruction& i, const Span& span) {
  Status status = Status::ok;
  withType(context.bound.typeOf(i.out),
           [&](auto type) { status = gather<LONGSPAN_TYPE(type)>(context.bound, i, span, context.failure); });
  return status;
}

}  // namespace LONGSPAN_ISA
#endif
}  // namespace longspan
