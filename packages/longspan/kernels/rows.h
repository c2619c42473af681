// Which rows an instruction touches, and what instructions that add or copy whole rows have in common.
#pragma once
#include "program.h"
#include "vector.h"

namespace longspan {
namespace LONGSPAN_ISA {

/** Rows [begin, end) of a space. In the loop also the level. */
struct Span {
  int64_t begin;
  int64_t end;
  int32_t level;
  /** The number of the space among those with levels, -1 for others. */
  int32_t levelled;
};

/** A scheduled program whose buffers have memory. */
struct Bound {
  const ScheduledProgram& scheduled;
  char* const* memory;
  /** By space with levels, the first row of the current level: level buffers keep its rows only. */
  int64_t levelBegin[levelledSpaces];

  /** The row that a buffer begins with. */
  LONGSPAN_INLINE int64_t firstRow(const View& v) const {
    const Buffer& buffer = scheduled.program->buffers[v.buffer];
    return buffer.role == Role::level ? levelBegin[levelledNumbers[buffer.space]] : 0;
  }

  StridedRows stridedRows(const View& v, const Span& span) const {
    if (v.rows == rowsFixed) return {0, 0};
    if (v.rows == rowsSame)
      return {static_cast<int32_t>(span.begin - firstRow(v)), 1};
    const Table& t = *scheduled.tables[v.rows];
    if (t.index.size() == 0) return {static_cast<int32_t>(t.offset + span.begin), 1};
    if (span.level >= 0) {
      // What lies evenly as a whole does so in part.
      const Array<StridedRows>& strides = t.strides[span.levelled];
      const StridedRows whole = strides.size() > 0 ? strides[span.level] : StridedRows{0, -1};
      if (whole.step >= 0) return {t.offset + t.index[span.begin], whole.step};
    }
    return stridedRowsOf(t, span.begin, span.end);
  }

  /** A whole space is usually scattered: two neighbours tell, and only what looks even is gone through. */
  static StridedRows stridedRowsOf(const Table& t, int64_t begin, int64_t end) {
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
    if (v.rows == rowsSame) return r - firstRow(v);
    const Table& t = *scheduled.tables[v.rows];
    return t.offset + (t.index.size() == 0 ? r : t.index[r]);
  }

  template <class T>
  T* at(const View& v, int64_t row) const {
    const int64_t columns = scheduled.program->buffers[v.buffer].columns;
    return reinterpret_cast<T*>(memory[v.buffer]) + v.offset + row * columns;
  }

  DType typeOf(const View& v) const { return scheduled.program->buffers[v.buffer].dtype; }

  int64_t columns(const View& v) const { return scheduled.program->buffers[v.buffer].columns; }
};

template <class T>
LONGSPAN_INLINE void addRow(T* to, const T* from, int64_t n) {
  int64_t c = 0;
  for (; c + lanes<T> <= n; c += lanes<T>) store(to + c, load(to + c) + load(from + c));
  for (; c < n; c++) to[c] += from[c];
}

inline Status failAt(Failure& failure, int32_t index, int64_t row, int32_t position, int32_t size) {
  failure = {index, static_cast<int32_t>(row), position, size};
  return Status::badIndex;
}

}  // namespace LONGSPAN_ISA
}  // namespace longspan
