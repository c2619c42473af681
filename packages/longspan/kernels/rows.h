// Which rows an instruction touches, and the instructions that add or copy whole rows.
#pragma once
#include "program.h"
#include "vector.h"

namespace longspan {
namespace LONGSPAN_ISA {

/** Rows [begin, end) of a space. In the loop also the level, and whether its rows are edges. */
struct Span {
  int64_t begin;
  int64_t end;
  int32_t level;
  bool edges;
};

/** A plan whose buffers have memory. */
struct Bound {
  const Plan& plan;
  char* const* memory;
  /** First row of the current level: level buffers keep its rows only. */
  int64_t levelBegin;

  LONGSPAN_INLINE bool isLevel(const View& v) const { return plan.program->buffers[v.buffer].role == Role::level; }

  Run run(const View& v, const Span& span) const {
    if (v.rows == rowsFixed) return {0, 0};
    if (v.rows == rowsSame)
      return {static_cast<int32_t>(span.begin - (isLevel(v) ? levelBegin : 0)), 1};
    const Table& t = *plan.tables[v.rows];
    if (t.index.size() == 0) return {static_cast<int32_t>(t.offset + span.begin), 1};
    if (span.level >= 0) {
      // What lies evenly as a whole does so in part.
      const Run whole = (span.edges ? t.edgeRuns : t.nodeRuns)[span.level];
      if (whole.step >= 0) return {t.offset + t.index[span.begin], whole.step};
    }
    return runOf(t, span.begin, span.end);
  }

  /** A whole space is usually scattered: two neighbours tell, and only what looks even is gone through. */
  static Run runOf(const Table& t, int64_t begin, int64_t end) {
    if (begin >= end) return {0, 1};
    const int32_t first = t.index[begin];
    if (end - begin == 1) return {t.offset + first, 1};
    const int32_t step = t.index[begin + 1] - first;
    if (step != 0 && step != 1) return {0, -1};
    for (int64_t r = begin + 2; r < end; r++)
      if (t.index[r] - t.index[r - 1] != step) return {0, -1};
    return {t.offset + first, step};
  }

  int64_t rowOf(const View& v, int64_t r) const {
    if (v.rows == rowsFixed) return 0;
    if (v.rows == rowsSame) return r - (isLevel(v) ? levelBegin : 0);
    const Table& t = *plan.tables[v.rows];
    return t.offset + (t.index.size() == 0 ? r : t.index[r]);
  }

  template <class T>
  T* at(const View& v, int64_t row) const {
    const int64_t columns = plan.program->buffers[v.buffer].columns;
    return reinterpret_cast<T*>(memory[v.buffer]) + v.offset + row * columns;
  }

  int64_t columns(const View& v) const { return plan.program->buffers[v.buffer].columns; }
};

template <class T>
LONGSPAN_INLINE void addRow(T* to, const T* from, int64_t n) {
  int64_t c = 0;
  for (; c + lanes<T> <= n; c += lanes<T>) store(to + c, load(to + c) + load(from + c));
  for (; c < n; c++) to[c] += from[c];
}

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

template <class T>
void segmentSum(const Bound& bound, const Instruction& i, const Span& span) {
  const Table& lists = *bound.plan.tables[i.lists];
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

inline Status failAt(Failure& failure, int32_t index, int64_t row, int32_t place, int32_t size) {
  failure = {index, static_cast<int32_t>(row), place, size};
  return Status::badIndex;
}

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

template <class T>
Status indexSum(const Bound& bound, const Instruction& i, const Span& span, Failure& failure) {
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

}  // namespace LONGSPAN_ISA
}  // namespace longspan
