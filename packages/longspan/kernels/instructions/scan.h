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

/** The rows of a view over a span: from one to the next it is so many elements, or, where they lie scattered, the tables say. */
template <class T>
struct ScanRows {
  ScanRows(const Bound& bound, const View& v, const Span& span, int64_t first) : bound(bound), view(v) {
    const StridedRows lies = bound.stridedRows(v, span);
    scattered = lies.step < 0;
    step = scattered ? 0 : lies.step * bound.columns(v);
    at = scattered ? nullptr : bound.at<T>(v, lies.first) + first;
    this->first = first;
  }

  LONGSPAN_INLINE T* row(int64_t r, int64_t number) const {
    return scattered ? bound.at<T>(view, bound.rowOf(view, r)) + first : at + number * step;
  }

  const Bound& bound;
  const View& view;
  T* at;
  int64_t step;
  int64_t first;
  bool scattered;
};

template <class T>
LONGSPAN_INLINE void scanRow(T* out, const T* a, const T* b, const T* c, int64_t n) {
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
  const int64_t rows = span.end - span.begin;
  if (rows <= 0 || n <= 0) return;
  const ScanRows<T> out(bound, i.out, span, first);
  const ScanRows<const T> a(bound, i.a, span, first);
  const ScanRows<const T> b(bound, i.b, span, first);
  const ScanRows<const T> c(bound, i.c, span, first);
  // Rows that lie end to end in all four are one.
  if (out.step == n && a.step == n && b.step == n && c.step == n) return scanRow(out.at, a.at, b.at, c.at, rows * n);
  for (int64_t r = 0; r < rows; r++) {
    const int64_t at = span.begin + r;
    scanRow(out.row(at, r), a.row(at, r), b.row(at, r), c.row(at, r), n);
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
