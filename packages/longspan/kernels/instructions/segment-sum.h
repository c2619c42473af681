// out[r, c] (+)= sum over the rows q in list r of a[q, c], in list order.
#pragma once
#include "instruction.h"
#ifdef LONGSPAN_RUNS
#include "instruction-context.h"
#endif

namespace longspan {
namespace instruction {

struct segmentSum : Common {
  static constexpr int reads = 1;
  static constexpr bool listed = true;

  static bool check(Checks& c, Instruction& i) {
    if (!c.isListTable(i.lists)) return c.fail("segmentSum without a table of lists");
    if (i.a.rows != rowsSame) return c.fail("segmentSum of rows by a table");
    return c.check(i.out, i.space, i.columns, true) && c.checkColumns(i.a, i.columns) && c.same(i.out, i.a) &&
           c.notLevel(i.a);
  }
};

}  // namespace instruction

#ifdef LONGSPAN_RUNS
namespace LONGSPAN_ISA {

template <class T>
void segmentSum(const Bound& bound, const Instruction& i, const Span& span) {
  const Table& lists = *bound.scheduled.tables[i.lists];
  for (int64_t r = span.begin; r < span.end; r++) {
    T* to = bound.at<T>(i.out, bound.rowOf(i.out, r));
    int32_t q = lists.starts[r];
    const int32_t last = lists.starts[r + 1];
    if (!i.accumulate) {
      if (q < last)
        __builtin_memcpy(to, bound.at<T>(i.a, lists.index[q++]), static_cast<size_t>(i.columns) * sizeof(T));
      else
        __builtin_memset(to, 0, static_cast<size_t>(i.columns) * sizeof(T));
    }
    for (; q < last; q++) addRow(to, bound.at<T>(i.a, lists.index[q]), i.columns);
  }
}

inline Status run(instruction::segmentSum, const InstructionContext& context, const Instruction& i, const Span& span) {
  withType(context.bound.typeOf(i.out), [&](auto type) { segmentSum<LONGSPAN_TYPE(type)>(context.bound, i, span); });
  return Status::ok;
}

}  // namespace LONGSPAN_ISA
#endif
}  // namespace longspan
