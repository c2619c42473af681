// out[0, c] (+)= sum over rows of a[r, c].
#pragma once
#include "instruction.h"
#ifdef LONGSPAN_RUNS
#include "instruction-context.h"
#endif

namespace longspan {
namespace instruction {

struct sumRows : Common {
  static constexpr int reads = 1;
  static constexpr bool byRows = true;
  static constexpr bool sums = true;

  static bool check(Checks& c, Instruction& i) {
    return c.fixed(i.out) && c.check(i.out, i.space, i.columns, true) && c.check(i.a, i.space, i.columns) &&
           c.same(i.out, i.a);
  }
};

}  // namespace instruction

#ifdef LONGSPAN_RUNS
namespace LONGSPAN_ISA {

/** Rows that are summed in registers before the sum goes to memory: also keeps rounding errors small. */
constexpr int64_t sumBlock = 64;

/** out[c] (+)= sum of rows. */
template <class T>
void sumRows(T* out, const T* a, int64_t stride, int64_t rows, int64_t n, bool add) {
  if (!add) __builtin_memset(out, 0, static_cast<size_t>(n) * sizeof(T));
  for (int64_t r0 = 0; r0 < rows; r0 += sumBlock) {
    const int64_t r1 = r0 + sumBlock < rows ? r0 + sumBlock : rows;
    int64_t c = 0;
    constexpr int wide = 4;
    for (; c + wide * lanes<T> <= n; c += wide * lanes<T>) {
      Vec<T> sums[wide] = {};
      for (int64_t r = r0; r < r1; r++)
        for (int v = 0; v < wide; v++) sums[v] += load(a + r * stride + c + v * lanes<T>);
      for (int v = 0; v < wide; v++) store(out + c + v * lanes<T>, load(out + c + v * lanes<T>) + sums[v]);
    }
    for (; c < n; c++) {
      T sum = 0;
      for (int64_t r = r0; r < r1; r++) sum += a[r * stride + c];
      out[c] += sum;
    }
  }
}

inline Status sum(instruction::sumRows, const InstructionContext& context, const Instruction& i, const Span& span, const Segment* segments,
                  int64_t count, bool add) {
  const Bound& bound = context.bound;
  withType(bound.typeOf(i.out), [&](auto type) {
    typedef LONGSPAN_TYPE(type) T;
    T* out = bound.at<T>(i.out, 0);
    if (!add) __builtin_memset(out, 0, static_cast<size_t>(i.columns) * sizeof(T));
    for (int64_t s = 0; s < count; s++) {
      const Span part = {segments[s].begin, segments[s].end, span.level, span.levelled};
      const StridedRows strided = bound.stridedRows(i.a, part);
      if (strided.step >= 0)
        sumRows<T>(out, bound.at<const T>(i.a, strided.first), strided.step * bound.columns(i.a), part.end - part.begin,
                   i.columns, true);
      else
        for (int64_t r = part.begin; r < part.end; r++)
          addRow(out, bound.at<const T>(i.a, bound.rowOf(i.a, r)), i.columns);
    }
  });
  return Status::ok;
}

}  // namespace LONGSPAN_ISA
#endif
}  // namespace longspan
