// Which rows of a scheduled program depend on each other, and how they are shared out among threads.
#include "execution-plan.h"

namespace longspan {

namespace {

/** The largest part may take so much of the whole; beyond, the others only wait. */
constexpr double mostShare = 0.9;

/** The rows of all spaces with levels, one space after the other, joined to those that they read from. */
class Division {
 public:
  explicit Division(const ScheduledProgram& scheduled) : scheduled_(scheduled), program_(*scheduled.program) {
    for (int32_t s = 0; s < spaces; s++) {
      const int32_t n = levelledNumbers[s];
      if (n < 0) continue;
      first_[n] = rows_;
      rows_ += scheduled.counts[s];
    }
  }

  /** Cuts into parts; one part if it does not come apart. False if there is no memory. */
  bool cut(int32_t threads, Array<Part*>& parts) {
    Array<int32_t> partOf;
    int32_t count = 1;
    if (threads > 1 && isClosed()) {
      if (!join() || !share(threads, partOf, &count)) return false;
    }
    if (!parts.resize(count)) return false;
    for (Part*& p : parts) p = new Part();
    for (int32_t s = 0; s < levelledSpaces; s++) {
      const Array<int32_t>& begin = scheduled_.begin[s];
      const Array<int32_t>& end = scheduled_.end[s];
      for (int32_t p = 0; p < count; p++)
        if (!parts[p]->begin[s].resize(scheduled_.levels) || !parts[p]->end[s].resize(scheduled_.levels)) return false;
      for (int64_t l = 0; l < scheduled_.levels; l++) {
        int32_t at = begin[l];
        for (int32_t p = 0; p < count; p++) {
          parts[p]->begin[s][l] = at;
          if (count == 1)
            at = end[l];
          else
            while (at < end[l] && partOf[at + first_[s]] == p) at++;
          parts[p]->end[s][l] = at;
        }
      }
    }
    return true;
  }

 private:
  /** Nothing in the loop is one for all rows and written there. */
  bool isClosed() const {
    for (const Instruction& i : program_.regions[1]) {
      if (levelledNumbers[i.space] < 0) return false;
      bool fixed = false;
      eachView(program_, i, [&](const View& v, bool written) { fixed = fixed || (written && v.rows == rowsFixed); });
      if (fixed) return false;
    }
    return true;
  }

  int32_t rootOf(int32_t r) {
    while (root_[r] != r) {
      root_[r] = root_[root_[r]];
      r = root_[r];
    }
    return r;
  }

  /** The smaller number stays the root: it is the first row of what belongs together. */
  void unite(int32_t a, int32_t b) {
    a = rootOf(a);
    b = rootOf(b);
    if (a < b)
      root_[b] = a;
    else
      root_[a] = b;
  }

  int32_t numberOf(const Instruction& i, int64_t row) const {
    return static_cast<int32_t>(row + first_[levelledNumbers[i.space]]);
  }

  /** Calls f(row, row of the buffer) for each row of an instruction's view. */
  template <class F>
  void eachRow(const Instruction& i, const View& v, F f) const {
    const int64_t rows = scheduled_.counts[i.space];
    if (v.rows == rowsSame) {
      for (int64_t r = 0; r < rows; r++) f(r, r);
      return;
    }
    const Table& t = *scheduled_.tables[v.rows];
    for (int64_t r = 0; r < rows; r++) f(r, t.offset + (t.index.size() == 0 ? r : t.index[r]));
  }

  bool join() {
    if (!root_.resize(rows_)) return false;
    for (int64_t r = 0; r < rows_; r++) root_[r] = static_cast<int32_t>(r);
    // For each buffer that the loop writes and reads by other rows: who wrote a row.
    Array<int32_t> owner;
    for (int64_t b = 0; b < program_.buffers.size(); b++) {
      if (!isCrossed(static_cast<int32_t>(b))) continue;
      if (!owner.resize(0) || !owner.resize(scheduled_.rows[b])) return false;
      for (int32_t& o : owner) o = -1;
      for (const Instruction& i : program_.regions[1])
        eachView(program_, i, [&](const View& v, bool written) {
          if (!written || v.buffer != b) return;
          eachRow(i, v, [&](int64_t r, int64_t q) {
            if (owner[q] >= 0) unite(owner[q], numberOf(i, r));
            owner[q] = numberOf(i, r);
          });
        });
      for (const Instruction& i : program_.regions[1]) joinReaders(i, b, owner);
    }
    return true;
  }

  void joinReaders(const Instruction& i, int64_t b, const Array<int32_t>& owner) {
    if (isListed(i) && i.a.buffer == b) {
      const Table& lists = *scheduled_.tables[i.lists];
      for (int64_t r = 0; r < scheduled_.counts[i.space]; r++)
        for (int64_t q = lists.starts[r]; q < lists.starts[r + 1]; q++)
          if (owner[lists.index[q]] >= 0) unite(owner[lists.index[q]], numberOf(i, r));
    }
    if (i.kind == Kind::segmentMap)
      for (const Operand& o : program_.maps[i.map]->operands) {
        if (o.storage != Storage::view || o.view.buffer != b || o.view.rows == rowsFixed) continue;
        const Table& lists = *scheduled_.tables[i.lists];
        const Table* rows = o.view.rows == rowsSame ? nullptr : scheduled_.tables[o.view.rows];
        for (int64_t r = 0; r < scheduled_.counts[i.space]; r++)
          for (int64_t q = lists.starts[r]; q < lists.starts[r + 1]; q++) {
            const int64_t row = lists.index[q];
            const int64_t at = rows == nullptr ? row : rows->offset + (rows->index.size() == 0 ? row : rows->index[row]);
            if (owner[at] >= 0) unite(owner[at], numberOf(i, r));
          }
      }
    eachView(program_, i, [&](const View& v, bool written) {
      if (written || v.buffer != b || v.rows == rowsFixed || v.rows == rowsListed) return;
      eachRow(i, v, [&](int64_t r, int64_t q) {
        if (owner[q] >= 0) unite(owner[q], numberOf(i, r));
      });
    });
  }

  /** Written in the loop, and touched by other rows than the instruction's own. */
  bool isCrossed(int32_t b) const {
    bool written = false;
    bool crossed = false;
    for (const Instruction& i : program_.regions[1]) {
      eachView(program_, i, [&](const View& v, bool isOut) {
        if (v.buffer != b) return;
        written = written || isOut;
        crossed = crossed || v.rows != rowsSame;
      });
    }
    return written && crossed;
  }

  /** Gives each row the number of its part. Stays with one part where levels would not fall into pieces in one order. */
  bool share(int32_t threads, Array<int32_t>& partOf, int32_t* count) {
    if (!partOf.resize(rows_)) return false;
    // Weights of what belongs together, at its first row.
    Array<int32_t> weight;
    if (!weight.resize(rows_)) return false;
    for (int64_t r = 0; r < rows_; r++) weight[rootOf(static_cast<int32_t>(r))] += 1;
    int64_t before = 0;
    int32_t parts = 0;
    int64_t last = -1;
    int64_t largest = 0;
    int64_t size = 0;
    for (int64_t r = 0; r < rows_; r++) {
      if (root_[r] != r) {
        partOf[r] = partOf[rootOf(static_cast<int32_t>(r))];
        continue;
      }
      const int64_t wanted = (2 * before + weight[r]) * threads / (2 * rows_);
      if (wanted != last) {
        parts++;
        last = wanted;
        size = 0;
      }
      partOf[r] = parts - 1;
      before += weight[r];
      size += weight[r];
      largest = size > largest ? size : largest;
    }
    if (parts > 1 && static_cast<double>(largest) <= mostShare * static_cast<double>(rows_) && isOrdered(partOf))
      *count = parts;
    return true;
  }

  bool isOrdered(const Array<int32_t>& partOf) const {
    for (int32_t s = 0; s < levelledSpaces; s++) {
      const Array<int32_t>& begin = scheduled_.begin[s];
      const Array<int32_t>& end = scheduled_.end[s];
      const int64_t first = first_[s];
      for (int64_t l = 0; l < scheduled_.levels; l++)
        for (int64_t r = begin[l] + 1; r < end[l]; r++)
          if (partOf[first + r] < partOf[first + r - 1]) return false;
    }
    return true;
  }

  const ScheduledProgram& scheduled_;
  const Program& program_;
  /** By space with levels: the number of its first row. */
  int64_t first_[levelledSpaces];
  int64_t rows_ = 0;
  Array<int32_t> root_;
};

}  // namespace

bool divide(const ScheduledProgram& scheduled, int32_t threads, Array<Part*>& parts) { return Division(scheduled).cut(threads, parts); }

}  // namespace longspan
