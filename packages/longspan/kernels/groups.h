// Instructions outside the loop that may run together, block of rows by block of rows, while the rows are in cache.
#pragma once
#include "rows.h"

namespace longspan {
namespace LONGSPAN_ISA {

/** Calls f(view, written) for each view of an instruction. */
template <class F>
inline void eachView(const Program& program, const Instruction& i, F f) {
  if (i.kind == Kind::map) {
    for (const Operand& o : program.maps[i.map]->operands)
      if (o.place == Place::view) f(o.view, o.written != 0);
    return;
  }
  f(i.out, true);
  f(i.a, false);
  if (i.kind != Kind::sumRows) f(i.b, false);
}

/** Row by row, or sums over rows that can be formed in parts. */
inline bool goesByRows(const Instruction& i) {
  return i.kind == Kind::gemm || i.kind == Kind::outerSum || i.kind == Kind::sumRows || i.kind == Kind::map;
}

/** Whether, with both going block by block, `later` still reads what it would read after all of `earlier`, and the reverse. */
inline bool mayFollow(const Program& program, const Instruction& earlier, const Instruction& later) {
  if (later.space != earlier.space) return false;
  bool may = true;
  eachView(program, earlier, [&](const View& first, bool firstWritten) {
    eachView(program, later, [&](const View& second, bool secondWritten) {
      if (first.buffer != second.buffer || (!firstWritten && !secondWritten)) return;
      if (first.rows != rowsSame || second.rows != rowsSame) may = false;
    });
  });
  return may;
}

/** How many instructions from `first` on run together. */
inline int64_t groupLength(const Program& program, const Array<Instruction>& region, int64_t first) {
  int64_t n = 1;
  if (!goesByRows(region[first])) return n;
  for (; first + n < region.size(); n++) {
    const Instruction& next = region[first + n];
    if (!goesByRows(next)) return n;
    for (int64_t q = first; q < first + n; q++)
      if (!mayFollow(program, region[q], next)) return n;
  }
  return n;
}

/** Whether any instruction of a group writes what a view reads. */
inline bool isWritten(const Program& program, const Instruction* group, int64_t n, const View& v) {
  bool written = false;
  for (int64_t q = 0; q < n; q++)
    eachView(program, group[q], [&](const View& other, bool isOut) {
      if (isOut && other.buffer == v.buffer) written = true;
    });
  return written;
}

}  // namespace LONGSPAN_ISA
}  // namespace longspan
