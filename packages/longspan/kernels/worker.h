// What one thread does of a run: instructions over its rows, block by block outside the loop, level by level inside.
#pragma once
#include "execution-plan.h"

namespace longspan {
namespace LONGSPAN_ISA {

/** Some instructions of a region, in order. */
struct List {
  const Instruction* region = nullptr;
  const int32_t* numbers = nullptr;
  int64_t count = 0;

  const Instruction& operator[](int64_t q) const { return region[numbers[q]]; }
};

class Worker {
 public:
  Worker(const RunArguments& arguments, Workspace& workspace, Failure* failure)
      : scheduled_(*arguments.scheduled),
        program_(*arguments.scheduled->program),
        workspace_(workspace),
        memory_(workspace.memory),
        segments_(workspace.segments),
        block_(workspace.block),
        bound_{scheduled_, nullptr, {}},
        products_(bound_, arguments, workspace),
        context_{bound_, products_, workspace, *failure} {}

  /** Where the buffers lie. Buffers whose sums this thread forms for itself start as zeros. */
  Status begin(char* const* shared, const Array<int32_t>& sums) {
    const int64_t buffers = program_.buffers.size();
    if (!memory_.resize(buffers)) return Status::noMemory;
    for (int64_t b = 0; b < buffers; b++) memory_[b] = shared[b];
    bound_.memory = memory_.begin();
    if (sums.size() == 0) return Status::ok;
    int64_t bytes = 0;
    for (const int32_t b : sums) bytes += bytesOf(scheduled_, b);
    char* at = workspace_.sums.reserve(bytes);
    if (at == nullptr) return Status::noMemory;
    __builtin_memset(at, 0, static_cast<size_t>(bytes));
    for (const int32_t b : sums) {
      memory_[b] = at;
      at += bytesOf(scheduled_, b);
    }
    adds_ = true;
    return Status::ok;
  }

  /** Where another thread has formed the sums of a buffer. */
  static const char* sumOf(const ScheduledProgram& scheduled, const Array<int32_t>& sums, int32_t buffer, const Workspace& workspace) {
    const char* at = workspace.sums.data();
    for (const int32_t b : sums) {
      if (b == buffer) break;
      at += bytesOf(scheduled, b);
    }
    return at;
  }

  /** This thread does one of so many shares of the columns of the loop. */
  void share(int32_t which, int32_t of) {
    context_.share = which;
    context_.shares = of;
  }

  /** Instructions outside the loop over a range of rows. */
  Status group(const List& list, const Segment& rows) {
    return blocks(list, &rows, 1, levelledNumbers[list[0].space]);
  }

  /** The levels of a part in chunks; `early` runs ahead of each chunk and `late` behind it. */
  Status loop(const Part& part, const Array<uint8_t>& passing, const List& early, const List& late) {
    char* own = workspace_.own.reserve(part.bytes > 0 ? part.bytes : 1);
    if (own == nullptr) return Status::noMemory;
    for (int64_t c = 0; c + 1 < part.chunks.size(); c++) {
      const int32_t first = part.chunks[c];
      const int32_t last = part.chunks[c + 1];
      for (int64_t b = 0; b < program_.buffers.size(); b++)
        if (part.offsets[b] >= 0) memory_[b] = own + part.offsets[b] - (passing[b] ? firstByte(part, b, first, last) : 0);
      Status status = beside(early, part, first, last);
      for (int32_t level = first; level < last && status == Status::ok; level++) status = levelOf(part, level);
      if (status == Status::ok) status = beside(late, part, first, last);
      if (status != Status::ok) return status;
      adds_ = true;
    }
    return Status::ok;
  }

 private:
  static int64_t bytesOf(const ScheduledProgram& scheduled, int32_t b) {
    const Buffer& buffer = scheduled.program->buffers[b];
    return (scheduled.rows[b] * buffer.columns * sizeOf(buffer.dtype) + 63) / 64 * 64;
  }

  /** Bytes from the start of a buffer to the first row of a chunk. */
  int64_t firstByte(const Part& part, int64_t b, int32_t first, int32_t last) const {
    const Buffer& buffer = program_.buffers[b];
    const int32_t s = levelledNumbers[buffer.space];
    int64_t low = scheduled_.rows[b];
    for (int32_t l = first; l < last; l++)
      if (part.begin[s][l] < part.end[s][l] && part.begin[s][l] < low) low = part.begin[s][l];
    return low * buffer.columns * sizeOf(buffer.dtype);
  }

  Status levelOf(const Part& part, int32_t level) {
    for (int32_t s = 0; s < levelledSpaces; s++) bound_.levelBegin[s] = part.begin[s][level];
    for (const Instruction& i : program_.regions[1]) {
      const int32_t s = levelledNumbers[i.space];
      const Status status = execute(i, {part.begin[s][level], part.end[s][level], level, s});
      if (status != Status::ok) return status;
    }
    return Status::ok;
  }

  /** Runs instructions over the rows of a chunk: those of one space, then those of the next, as they come. */
  Status beside(const List& list, const Part& part, int32_t first, int32_t last) {
    for (int64_t q = 0; q < list.count;) {
      const int32_t space = levelledNumbers[list[q].space];
      int64_t n = 1;
      while (q + n < list.count && levelledNumbers[list[q + n].space] == space) n++;
      int64_t count = 0;
      if (!segments_.resize(last - first + 1)) return Status::noMemory;
      for (int32_t l = first; l < last; l++) {
        const Segment s = {part.begin[space][l], part.end[space][l]};
        if (s.begin >= s.end) continue;
        Segment* before = count > 0 ? &segments_[count - 1] : nullptr;
        if (before != nullptr && before->end == s.begin)
          before->end = s.end;
        else if (before != nullptr && before->begin == s.end)
          before->begin = s.begin;
        else
          segments_[count++] = s;
      }
      const Status status = blocks({list.region, list.numbers + q, n}, segments_.begin(), count, space);
      if (status != Status::ok) return status;
      q += n;
    }
    return Status::ok;
  }

  /** By blocks of rows, so that what one instruction writes is in cache when the next reads it. */
  Status blocks(const List& list, const Segment* segments, int64_t count, int32_t levelled) {
    int64_t rows = 0;
    for (int64_t s = 0; s < count; s++) rows += segments[s].end - segments[s].begin;
    const int64_t parts = list.count == 1 || rows <= outerRows ? 1 : (rows + outerRows - 1) / outerRows;
    if (!block_.resize(count + 1)) return Status::noMemory;
    int64_t at = 0;
    int64_t row = count > 0 ? segments[0].begin : 0;
    const bool added = adds_;
    for (int64_t p = 0; p < parts; p++) {
      int64_t wanted = rows / parts + (p < rows % parts ? 1 : 0);
      int64_t pieces = 0;
      while (at < count && wanted > 0) {
        const int64_t left = segments[at].end - row;
        const int64_t taken = left < wanted ? left : wanted;
        block_[pieces++] = {row, row + taken};
        wanted -= taken;
        row += taken;
        if (row == segments[at].end && ++at < count) row = segments[at].begin;
      }
      const Status status = block(list, pieces, levelled);
      if (status != Status::ok) return status;
      adds_ = true;
    }
    adds_ = added;
    return Status::ok;
  }

  Status block(const List& list, int64_t pieces, int32_t levelled) {
    products_.forget();
    for (int64_t q = 0; q < list.count; q++) {
      const Instruction& i = list[q];
      Status status = Status::ok;
      if (isSum(i)) {
        const Span none = {0, 0, -1, levelled};
        const bool add = adds_ || i.accumulate;
        status = withInstruction(
            i.kind, [&](auto kind) { return sum(kind, context_, i, none, block_.begin(), pieces, add); });
      } else {
        eachView(program_, i, [&](const View& v, bool written) {
          if (written) products_.forget(v.buffer);
        });
        for (int64_t s = 0; s < pieces && status == Status::ok; s++)
          status = execute(i, {block_[s].begin, block_[s].end, -1, levelled});
        if (pieces == 0) status = execute(i, {0, 0, -1, levelled});
      }
      if (status != Status::ok) return status;
    }
    return Status::ok;
  }

  Status execute(const Instruction& i, const Span& span) {
    return withInstruction(i.kind, [&](auto kind) { return run(kind, context_, i, span); });
  }

  const ScheduledProgram& scheduled_;
  const Program& program_;
  Workspace& workspace_;
  Array<char*>& memory_;
  Array<Segment>& segments_;
  Array<Segment>& block_;
  Bound bound_;
  Products products_;
  InstructionContext context_;
  /** Sums over rows add to what is there, since a block or another thread has begun them. */
  bool adds_ = false;
};

}  // namespace LONGSPAN_ISA
}  // namespace longspan
