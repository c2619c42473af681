// out[r, :] = a[q, :] for the row q that stands at position b[r] of list r.
#pragma once
#include "instruction.h"
#ifdef LONGSPAN_RUNS
#include "instruction-context.h"
#endif

namespace longspan {
namespace instruction {

struct segmentPick : Common {
  static constexpr bool listed = true;
  static constexpr bool byRows = true;

  static bool check(Checks& c, Instruction& i) {
    if (!c.isListTable(i.lists)) return c.fail("segmentPick without a table of lists");
    if (i.a.rows != rowsSame) return c.fail("segmentPick of rows by a table");
    return c.check(i.out, i.space, i.columns, true) && c.checkColumns(i.a, i.columns) && c.check(i.b, i.space, 1) &&
           c.same(i.out, i.a) && c.isInt(i.b) && c.notLevel(i.a);
  }
};

}  // namespace instruction

#ifdef LONGSPAN_RUNS
namespace LONGSPAN_ISA {

template <class T>
LONGSPAN_SMALL Status segmentPick(const Bound& bound, const Instruction& i, const Span& span, Failure& failure) {
  const Table& lists = *bound.scheduled.tables[i.lists];
  for (int64_t r = span.begin; r < span.end; r++) {
    const int32_t first = lists.starts[r];
    const int32_t size = lists.starts[r + 1] - first;
    const int32_t position = *bound.at<int32_t>(i.b, bound.rowOf(i.b, r));
    if (position < 0 || position >= size) return failAt(failure, position, r, 0, size);
    __builtin_memcpy(bound.at<T>(i.out, bound.rowOf(i.out, r)), bound.at<T>(i.a, lists.index[first + position]),
                     static_cast<size_t>(i.columns) * sizeof(T));
  }
  return Status::ok;
}

inline Status run(instruction::segmentPick, const InstructionContext& context, const Instruction& i, const Span& span) {
  Status status = Status::ok;
  withType(context.bound.typeOf(i.out),
           [&](auto type) { status = segmentPick<LONGSPAN_TYPE(type)>(context.bound, i, span, context.failure); });
  return status;
}

}  // namespace LONGSPAN_ISA
#endif
}  // namespace longspan
