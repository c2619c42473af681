// out[r, j] = a[r, j] b[r, j] + c[r, j]: one step of a recurrence that is linear in the state.
#pragma once
#include "instruction.h"
#ifdef LONGSPAN_RUNS
#include "instruction-context.h"
#endif

namespace longspan {
namespace instruction {

struct scan : Common {
  static constexpr int reads = 3;
  static constexpr bool byRows = true;
  static constexpr bool byColumns = true;

  static bool check(Checks& c, Instruction& i) {
    return c.check(i.out, i.space, i.columns, true) && c.check(i.a, i.space, i.columns) && c.check(i.b, i.space, i.columns) &&
           c.check(i.c, i.space, i.columns) && c.floats(i) && c.same(i.out, i.c);
  }
  static double cost(const Program&, const Instruction& i) { return static_cast<double>(i.columns) / 8; }
};

}  // namespace instruction

#ifdef LONGSPAN_RUNS
namespace LONGSPAN_ISA {

template <class T>
LONGSPAN_SHARED void scanRow(T* out, const T* a, const T* b, const T* c, int64_t n) {
  int64_t j = 0;
  for (; j + lanes<T> <= n; j += lanes<T>) store(out + j, multiplyAdd(load(a + j), load(b + j), load(c + j)));
  if (j < n) {
    const int rest = static_cast<int>(n - j);
    storePart(out + j, multiplyAdd(loadPart(a + j, rest), loadPart(b + j, rest), loadPart(c + j, rest)), rest);
  }
}

template <class T>
void scan(const InstructionContext& context, const Instruction& i, const Span& span) {
  const Bound& bound = context.bound;
  // Threads that share the columns begin and end at whole vectors.
  const int64_t vectors = (i.columns + lanes<T> - 1) / lanes<T>;
  const int64_t first = vectors * context.share / context.shares * lanes<T>;
  const int64_t last = context.share + 1 == context.shares ? i.columns : vectors * (context.share + 1) / context.shares * lanes<T>;
  const int64_t n = last - first;
  if (n <= 0 || span.end <= span.begin) return;
  const View* const views[] = {&i.out, &i.a, &i.b, &i.c};
  // Where each view's rows lie: from one to the next it is so many elements, or, where they lie scattered, the tables say.
  StridedRows lies[4];
  bool endToEnd = true;
  for (int v = 0; v < 4; v++) {
    lies[v] = bound.stridedRows(*views[v], span);
    endToEnd = endToEnd && lies[v].step >= 0 && lies[v].step * bound.columns(*views[v]) == n;
  }
  // Rows that lie end to end in all four are one.
  const int64_t rows = endToEnd ? 1 : span.end - span.begin;
  const int64_t elements = endToEnd ? n * (span.end - span.begin) : n;
  for (int64_t r = 0; r < rows; r++) {
    T* at[4];
    for (int v = 0; v < 4; v++) {
      const int64_t row = lies[v].step < 0 ? bound.rowOf(*views[v], span.begin + r) : lies[v].first + r * lies[v].step;
      at[v] = bound.at<T>(*views[v], row) + first;
    }
    scanRow(at[0], at[1], at[2], at[3], elements);
  }
}

inline Status run(instruction::scan, const InstructionContext& context, const Instruction& i, const Span& span) {
  if (context.bound.typeOf(i.out) == DType::float64)
    scan<double>(context, i, span);
  else
    scan<float>(context, i, span);
  return Status::ok;
}

}  // namespace LONGSPAN_ISA
#endif
}  // namespace longspan
