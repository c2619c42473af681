#include "execution-plan.h"

namespace longspan {

namespace {

/** Rows of a chunk: what a step leaves is read by what follows the loop while it is in the second-level cache. */
constexpr int64_t chunkRows = 256;

bool sameView(const View& a, const View& b) {
  return a.buffer == b.buffer && a.offset == b.offset && a.rows == b.rows;
}

/** Whether, with both going block by block, `later` still reads what it would read after all of `earlier`, and the reverse. */
bool mayFollow(const Program& program, const Instruction& earlier, const Instruction& later) {
  if (later.space != earlier.space) return false;
  // Two sums into the same memory only add to each other.
  const bool sums = isSum(earlier) && isSum(later) && later.accumulate && sameView(earlier.out, later.out);
  bool may = true;
  eachView(program, earlier, [&](const View& first, bool firstWritten) {
    eachView(program, later, [&](const View& second, bool secondWritten) {
      if (first.buffer != second.buffer || (!firstWritten && !secondWritten)) return;
      if (sums && firstWritten && secondWritten) return;
      if (first.rows != rowsSame || second.rows != rowsSame) may = false;
    });
  });
  return may;
}

/** Whether one writes what the other reads or writes. */
bool touch(const Program& program, const Instruction& x, const Instruction& y) {
  bool found = false;
  eachView(program, x, [&](const View& a, bool aWritten) {
    eachView(program, y, [&](const View& b, bool bWritten) {
      if (a.buffer == b.buffer && (aWritten || bWritten)) found = true;
    });
  });
  return found;
}

class Planner {
 public:
  Planner(const ScheduledProgram& scheduled, int32_t threads, double leastShared) : scheduled_(scheduled), program_(*scheduled.program) {
    execution_.threads = threads;
    execution_.leastShared = leastShared;
  }

  bool make() {
    const bool loop = program_.regions[1].size() > 0;
    bool tiled = loop;
    for (int32_t s = 0; s < levelledSpaces; s++) tiled = tiled && isTiled(s);
    const int32_t threads = tiled && work() >= execution_.leastShared ? execution_.threads : 1;
    if (loop && !divide(scheduled_, threads, execution_.parts)) return false;
    execution_.byColumns = threads > 1 && execution_.parts.size() == 1 && loopComesApartByColumns();
    // Where the loop does not come apart, what is outside it is better shared out among the threads than run beside it.
    const bool beside = tiled && (threads == 1 || execution_.parts.size() > 1);
    return choose(beside) && group(0) && group(1) && findPassing() && cutChunks(beside) && layOut();
  }

  ExecutionPlan& execution_ = *new ExecutionPlan();

 private:
  /** Nanoseconds, by a guess, that one thread takes for the rows that come in levels. */
  double work() const {
    double sum = 0;
    for (const Array<Instruction>& region : program_.regions)
      for (const Instruction& i : region)
        if (levelledNumbers[i.space] >= 0) sum += scheduled_.counts[i.space] * costOf(program_, i);
    return sum;
  }

  /** Whether the loop does nothing but work column by column, and enough of it. */
  bool loopComesApartByColumns() const {
    double sum = 0;
    for (const Instruction& i : program_.regions[1]) {
      if (!goesByColumns(i)) return false;
      sum += scheduled_.counts[i.space] * costOf(program_, i);
    }
    return sum >= execution_.leastShared;
  }

  /** Whether the levels go through all rows of a space, once and in one direction. */
  bool isTiled(int32_t levelled) const {
    const Array<int32_t>& begin = scheduled_.begin[levelled];
    const Array<int32_t>& end = scheduled_.end[levelled];
    int64_t rows = 0;
    for (int32_t s = 0; s < spaces; s++)
      if (levelledNumbers[s] == levelled) rows = scheduled_.counts[s];
    bool up = true;
    bool down = true;
    int64_t low = 0;
    int64_t high = rows;
    for (int64_t l = 0; l < scheduled_.levels; l++) {
      if (begin[l] > end[l]) return false;
      up = up && begin[l] == low;
      low = end[l];
      down = down && end[l] == high;
      high = begin[l];
    }
    return (up && low == rows) || (down && high == 0);
  }

  static bool add(Array<int32_t>& list, int64_t i) {
    if (!list.resize(list.size() + 1)) return false;
    list[list.size() - 1] = static_cast<int32_t>(i);
    return true;
  }

  /** Decides which instructions run beside the loop; the others keep their order. */
  bool choose(bool beside) {
    Array<uint8_t> chosen[2];
    for (int side = 0; side < 2; side++) {
      const Array<Instruction>& region = program_.regions[2 * side];
      if (!chosen[side].resize(region.size())) return false;
      const int64_t n = region.size();
      // Backwards before the loop: what a later one needs as a whole must be whole. Forwards after it.
      for (int64_t q = 0; beside && q < n; q++) {
        const int64_t i = side == 0 ? n - 1 - q : q;
        chosen[side][i] = isBeside(region, chosen[side], i, side) && (side == 0 || suitsEarly(region[i], chosen[0]));
      }
      for (int64_t i = 0; i < n; i++)
        if (!add(chosen[side][i] ? (side == 0 ? execution_.early : execution_.late) : execution_.order[side], i)) return false;
    }
    return true;
  }

  bool isBeside(const Array<Instruction>& region, const Array<uint8_t>& chosen, int64_t i, int side) const {
    const Instruction& x = region[i];
    if (!goesByRows(x) || levelledNumbers[x.space] < 0) return false;
    if (side == 0 && isSum(x)) return false;
    for (int64_t q = side == 0 ? i + 1 : 0; q < (side == 0 ? region.size() : i); q++) {
      const Instruction& y = region[q];
      if (!touch(program_, x, y)) continue;
      const bool follows = side == 0 ? mayFollow(program_, x, y) : mayFollow(program_, y, x);
      if (!chosen[q] || !follows) return false;
    }
    return suitsLoop(x, side);
  }

  /** Whether the rows of a level are there when the level needs them, or when its chunk has been run. */
  bool suitsLoop(const Instruction& x, int side) const {
    bool suits = true;
    eachView(program_, x, [&](const View& own, bool ownWritten) {
      bool conflict = false;
      bool known = false;
      for (const Instruction& y : program_.regions[1])
        eachView(program_, y, [&](const View& other, bool otherWritten) {
          if (own.buffer != other.buffer) return;
          if (y.space == x.space && own.rows == other.rows) known = true;
          if (!ownWritten && !otherWritten) return;
          if (own.rows != rowsSame || other.rows != rowsSame || y.space != x.space) conflict = true;
        });
      // What a level reads or writes by the same rows is there after that level.
      const bool late = side == 1 && !ownWritten && known;
      if (conflict && !late) suits = false;
    });
    return suits;
  }

  /** With what runs ahead of the loop, chunk by chunk. */
  bool suitsEarly(const Instruction& x, const Array<uint8_t>& early) const {
    for (int64_t q = 0; q < early.size(); q++)
      if (early[q] && touch(program_, program_.regions[0][q], x) && !mayFollow(program_, program_.regions[0][q], x))
        return false;
    return true;
  }

  bool group(int side) {
    const Array<Instruction>& region = program_.regions[2 * side];
    const Array<int32_t>& order = execution_.order[side];
    Array<Group>& groups = execution_.groups[side];
    for (int64_t first = 0; first < order.size();) {
      int64_t n = 1;
      const bool byRows = goesByRows(region[order[first]]);
      for (; byRows && first + n < order.size(); n++) {
        const Instruction& next = region[order[first + n]];
        bool fits = goesByRows(next);
        for (int64_t q = first; fits && q < first + n; q++) fits = mayFollow(program_, region[order[q]], next);
        if (!fits) break;
      }
      if (!groups.resize(groups.size() + 1)) return false;
      double cost = 0;
      for (int64_t q = first; q < first + n; q++) cost += costOf(program_, region[order[q]]);
      groups[groups.size() - 1] = {static_cast<int32_t>(first), static_cast<int32_t>(first + n), byRows, cost};
      first += n;
    }
    return true;
  }

  /** Temporaries of which only the current chunk's rows are ever needed. */
  bool findPassing() {
    const int64_t buffers = program_.buffers.size();
    if (!execution_.passing.resize(buffers)) return false;
    for (int64_t b = 0; b < buffers; b++) {
      const Buffer& buffer = program_.buffers[b];
      const bool space = levelledNumbers[buffer.space] >= 0;
      execution_.passing[b] = buffer.role == Role::temporary && space && !buffer.clearHead;
    }
    const auto look = [&](const Instruction& i, bool whole) {
      eachView(program_, i, [&](const View& v, bool) {
        if (whole || v.rows != rowsSame) execution_.passing[v.buffer] = 0;
      });
    };
    for (int side = 0; side < 2; side++) {
      for (const int32_t i : execution_.order[side]) look(program_.regions[2 * side][i], true);
      for (const int32_t i : side ? execution_.late : execution_.early) look(program_.regions[2 * side][i], false);
    }
    for (const Instruction& i : program_.regions[1]) look(i, false);
    return true;
  }

  bool cutChunks(bool beside) {
    constexpr int32_t nodes = levelledNumbers[spaceNode];
    for (Part* part : execution_.parts) {
      int64_t rows = 0;
      if (!add(part->chunks, 0)) return false;
      for (int32_t l = 0; beside && l < scheduled_.levels; l++) {
        const int64_t more = part->end[nodes][l] - part->begin[nodes][l];
        if (rows > 0 && rows + more > chunkRows) {
          if (!add(part->chunks, l)) return false;
          rows = 0;
        }
        rows += more;
      }
      if (!add(part->chunks, scheduled_.levels)) return false;
    }
    return true;
  }

  static int64_t aligned(int64_t bytes) { return (bytes + 63) / 64 * 64; }

  bool layOut() {
    const int64_t buffers = program_.buffers.size();
    if (!execution_.offsets.resize(buffers)) return false;
    for (Part* part : execution_.parts)
      if (!part->offsets.resize(buffers)) return false;
    for (int64_t b = 0; b < buffers; b++) {
      const Buffer& buffer = program_.buffers[b];
      const int64_t row = buffer.columns * sizeOf(buffer.dtype);
      const bool own = execution_.parts.size() > 0 && (buffer.role == Role::level || execution_.passing[b]);
      execution_.offsets[b] = -1;
      for (Part* part : execution_.parts) {
        part->offsets[b] = own ? part->bytes : -1;
        if (own) part->bytes += aligned(row * rowsOf(*part, buffer));
      }
      if (own || isBound(buffer.role)) continue;
      execution_.offsets[b] = execution_.bytes;
      execution_.bytes += aligned(row * scheduled_.rows[b]);
    }
    return true;
  }

  /** Rows that a part's own buffer must hold: a level's, or from the first to the last of a chunk. */
  int64_t rowsOf(const Part& part, const Buffer& buffer) const {
    const Array<int32_t>& begin = part.begin[levelledNumbers[buffer.space]];
    const Array<int32_t>& end = part.end[levelledNumbers[buffer.space]];
    int64_t most = 0;
    for (int64_t c = 0; c + 1 < part.chunks.size(); c++) {
      int64_t low = INT64_MAX;
      int64_t high = 0;
      for (int64_t l = part.chunks[c]; l < part.chunks[c + 1]; l++) {
        if (begin[l] >= end[l]) continue;
        const bool alone = buffer.role == Role::level;
        low = alone || begin[l] < low ? begin[l] : low;
        high = alone || end[l] > high ? end[l] : high;
        most = high - low > most ? high - low : most;
      }
    }
    return most;
  }

  const ScheduledProgram& scheduled_;
  const Program& program_;
};

}  // namespace

double costOf(const Program& program, const Instruction& i) {
  return withInstruction(i.kind, [&](auto kind) { return decltype(kind)::cost(program, i); });
}

const ExecutionPlan* executionPlanOf(ScheduledProgram& scheduled, int32_t threads, double leastShared) {
  const ExecutionPlan* known = scheduled.execution;
  if (known != nullptr && known->threads == threads && known->leastShared == leastShared) return known;
  delete scheduled.execution;
  scheduled.execution = nullptr;
  Planner planner(scheduled, threads, leastShared);
  if (planner.make())
    scheduled.execution = &planner.execution_;
  else
    delete &planner.execution_;
  return scheduled.execution;
}

}  // namespace longspan
