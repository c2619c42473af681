// How a scheduled program is carried out. Instructions outside the loop that may run beside it follow it in chunks of levels, while their
// rows are in cache; the rest runs in groups, by blocks of rows. Where the structure falls into independent parts (the
// sequences of a batch, the trees of a forest), each thread takes some of them from the first instruction to the last.
#pragma once
#include "instructions.h"

namespace longspan {

/** Instructions outside the loop that run together, block of rows by block of rows: [begin, end) in the order of an execution plan. */
struct Group {
  int32_t begin;
  int32_t end;
  /** Its rows may be split among threads. */
  int32_t byRows;
  /** A guess at the nanoseconds that it takes per row. */
  double cost;
};

/** What one thread does of the loop and beside it. */
struct Part {
  /** By space with levels, and by level: the rows [begin, end). */
  Array<int32_t> begin[levelledSpaces];
  Array<int32_t> end[levelledSpaces];
  /** First level of each chunk; at the end the number of levels. */
  Array<int32_t> chunks;
  /** Where its own buffers lie in its own memory (-1: a buffer of all), and how much of that there is. */
  Array<int64_t> offsets;
  int64_t bytes = 0;
};

struct ExecutionPlan {
  int32_t threads = 0;
  double leastShared = 0;
  /** Instruction numbers, of the region before the loop, then of the one after it. */
  Array<int32_t> order[2];
  Array<Group> groups[2];
  /** Instructions before and after the loop that run beside it, chunk by chunk. */
  Array<int32_t> early;
  Array<int32_t> late;
  /** Where temporaries that all parts share lie (-1: bound, or each part's own). */
  Array<int64_t> offsets;
  int64_t bytes = 0;
  /** By buffer: 1 if it holds only a chunk's rows, since nothing else reads it. */
  Array<uint8_t> passing;
  Array<Part*> parts;
  /** The loop does not come apart by rows, but by columns: every thread goes through all levels with its share of them. */
  int32_t byColumns = 0;

  ExecutionPlan() = default;
  ~ExecutionPlan() {
    for (Part* p : parts) delete p;
  }
};

/** The execution plan of a scheduled program for so many threads, kept until other numbers are asked for; nullptr if there is no memory. */
const ExecutionPlan* executionPlanOf(ScheduledProgram& scheduled, int32_t threads, double leastShared);

/**
 * Splits the rows of every level among at most `threads` parts that do not depend on each other, about equally large. At least one.
 * @returns false if there is no memory
 */
bool divide(const ScheduledProgram& scheduled, int32_t threads, Array<Part*>& parts);

// What instructions say of themselves in their headers.
inline int readsOf(const Instruction& i) {
  return withInstruction(i.kind, [](auto kind) { return decltype(kind)::reads; });
}
inline bool isListed(const Instruction& i) {
  return withInstruction(i.kind, [](auto kind) { return decltype(kind)::listed; });
}
inline bool goesByRows(const Instruction& i) {
  return withInstruction(i.kind, [](auto kind) { return decltype(kind)::byRows; });
}
inline bool goesByColumns(const Instruction& i) {
  return withInstruction(i.kind, [](auto kind) { return decltype(kind)::byColumns; });
}
inline bool isSum(const Instruction& i) {
  return withInstruction(i.kind, [](auto kind) { return decltype(kind)::sums; });
}
inline bool isPacked(const Instruction& i) {
  return withInstruction(i.kind, [](auto kind) { return decltype(kind)::packs; });
}

/** Rows of a view that lists lead to. */
constexpr int32_t rowsListed = -3;

/** Calls f(view, written) for each view of an instruction. */
template <class F>
inline void eachView(const Program& program, const Instruction& i, F f) {
  if (i.kind == Kind::map || i.kind == Kind::segmentMap) {
    for (const Operand& o : program.maps[i.map]->operands) {
      if (!o.hasView()) continue;
      const bool listed = i.kind == Kind::segmentMap && o.storage == Storage::view && o.view.rows != rowsFixed;
      f(listed ? View{o.view.buffer, o.view.offset, rowsListed} : o.view, o.written != 0);
    }
    return;
  }
  f(i.out, true);
  f(isListed(i) ? View{i.a.buffer, i.a.offset, rowsListed} : i.a, false);
  if (readsOf(i) > 1) f(i.b, false);
  if (readsOf(i) > 2) f(i.c, false);
}

/** A guess at the nanoseconds that an instruction takes per row. */
double costOf(const Program& program, const Instruction& i);

}  // namespace longspan
