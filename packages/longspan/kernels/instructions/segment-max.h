// out[r, c] = the largest a[q, c] over the rows q in list r, or where in the list the first of the largest stands.
#pragma once
#include "instruction.h"
#ifdef LONGSPAN_RUNS
#include "instruction-context.h"
#endif

namespace longspan {
namespace instruction {

struct segmentMax : Common {
  static constexpr int reads = 1;
  static constexpr bool listed = true;
  static constexpr bool byRows = true;

  static bool check(Checks& c, Instruction& i) {
    if (!c.isListTable(i.lists)) return c.fail("segmentMax without a table of lists");
    if (i.a.rows != rowsSame) return c.fail("segmentMax of rows by a table");
    return c.check(i.out, i.space, i.columns, true) && c.checkColumns(i.a, i.columns) &&
           (i.positions ? c.isInt(i.out) : c.same(i.out, i.a)) && c.notLevel(i.a);
  }
};

}  // namespace instruction

#ifdef LONGSPAN_RUNS
namespace LONGSPAN_ISA {

template <class T>
LONGSPAN_SMALL void segmentMax(const Bound& bound, const Instruction& i, const Span& span) {
  const Table& lists = *bound.scheduled.tables[i.lists];
  for (int64_t r = span.begin; r < span.end; r++) {
    const int32_t first = lists.starts[r];
    const int32_t last = lists.starts[r + 1];
    for (int32_t c = 0; c < i.columns; c++) {
      double best = -__builtin_inf();
      int32_t position = -1;
      for (int32_t q = first; q < last; q++) {
        const double x = static_cast<double>(bound.at<T>(i.a, lists.index[q])[c]);
        if (position >= 0 && !(x > best) && !(x != x && best == best)) continue;
        best = x;
        position = q - first;
      }
      const int64_t row = bound.rowOf(i.out, r);
      if (i.positions)
        bound.at<int32_t>(i.out, row)[c] = position;
      else
        bound.at<T>(i.out, row)[c] = fromDouble<T>(best);
    }
  }
}

inline Status run(instruction::segmentMax, const InstructionContext& context, const Instruction& i, const Span& span) {
  withType(context.bound.typeOf(i.a), [&](auto type) { segmentMax<LONGSPAN_TYPE(type)>(context.bound, i, span); });
  return Status::ok;
}

}  // namespace LONGSPAN_ISA
#endif
}  // namespace longspan
