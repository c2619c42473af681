// Joins a program with a schedule: reads the schedule's tables, checks that every row that an instruction can touch
// exists, and that no buffer is too large.
#include "execution-plan.h"

namespace longspan {

ScheduledProgram::~ScheduledProgram() {
  for (Table* t : tables) delete t;
  delete execution;
}

namespace {

class Scheduler {
 public:
  Scheduler(Program* program, const int32_t* ints, int64_t count) : at_(ints), end_(ints + count), program_(*program) {}

  ScheduledProgram* make() {
    scheduled_ = new ScheduledProgram();
    scheduled_->program = &program_;
    if (read() && checkAll() && checkSizes()) return scheduled_;
    delete scheduled_;
    return nullptr;
  }

  const char* error = "a schedule that ends early";

 private:
  int32_t next() {
    if (at_ < end_) return *at_++;
    short_ = true;
    return 0;
  }

  bool fail(const char* message) {
    if (!short_) error = message;
    return false;
  }

  bool numbers(Array<int32_t>& to, int64_t n) {
    if (n < 0 || n > end_ - at_) return fail("a count out of range");
    if (!to.resize(n)) return fail("out of memory");
    for (int64_t i = 0; i < n; i++) to[i] = *at_++;
    return true;
  }

  bool read() {
    ScheduledProgram& p = *scheduled_;
    for (int32_t& c : p.counts) {
      c = next();
      if (c < 0) return fail("a negative row count");
    }
    p.levels = next();
    p.headRows = next();
    if (p.headRows < 0 || p.levels < 0) return fail("negative levels or head rows");
    for (int32_t s = 0; s < levelledSpaces; s++)
      if (!numbers(p.begin[s], p.levels) || !numbers(p.end[s], p.levels)) return false;
    const int32_t tables = next();
    if (tables != program_.tables.size()) return fail("another number of tables than the program has");
    if (!p.tables.resize(tables)) return fail("out of memory");
    for (int32_t t = 0; t < tables; t++) {
      p.tables[t] = new Table();
      if (!table(*p.tables[t], program_.tables[t])) return false;
    }
    if (short_) return false;
    return at_ == end_ ? true : fail("numbers after the schedule's end");
  }

  bool table(Table& t, int32_t kind) {
    if (next() != kind) return fail("a table of another kind than the program's");
    if (kind == 1) {
      const int32_t starts = next();
      if (!numbers(t.starts, starts)) return false;
      const int32_t items = next();
      return numbers(t.index, items);
    }
    t.offset = next();
    const int32_t items = next();
    if (items == -1) return t.offset >= 0 ? true : fail("a negative row");
    if (!numbers(t.index, items)) return false;
    for (const int32_t q : t.index) {
      const int64_t row = static_cast<int64_t>(t.offset) + q;
      if (row < 0 || row > 0x7fffffff) return fail("a row out of range");
    }
    // A table is read from one space, as a rule; others with as many rows do no harm.
    for (int32_t s = 0; s < spaces; s++) {
      const int32_t n = levelledNumbers[s];
      if (n < 0 || scheduled_->counts[s] != t.index.size()) continue;
      if (!runs(t, t.strides[n], scheduled_->begin[n], scheduled_->end[n])) return false;
    }
    return true;
  }

  bool runs(const Table& t, Array<StridedRows>& to, const Array<int32_t>& begin, const Array<int32_t>& end) {
    if (!to.resize(scheduled_->levels)) return fail("out of memory");
    for (int64_t l = 0; l < scheduled_->levels; l++) {
      const int64_t first = begin[l];
      const int64_t last = end[l];
      to[l] = {0, -1};
      if (first < 0 || last > t.index.size() || first >= last) continue;
      const int32_t step = last - first == 1 ? 1 : t.index[first + 1] - t.index[first];
      bool even = step == 0 || step == 1;
      for (int64_t r = first + 1; even && r < last; r++) even = t.index[r] - t.index[r - 1] == step;
      if (even) to[l] = {t.offset + t.index[first], step};
    }
    return true;
  }

  int64_t rowsOf(const Buffer& b) const {
    if (b.role != Role::level) return scheduled_->counts[b.space];
    const int32_t s = levelledNumbers[b.space];
    if (s < 0) return 0;
    const Array<int32_t>& begin = scheduled_->begin[s];
    const Array<int32_t>& end = scheduled_->end[s];
    int64_t largest = 0;
    for (int64_t l = 0; l < scheduled_->levels; l++) {
      const int64_t rows = static_cast<int64_t>(end[l]) - begin[l];
      if (rows > largest) largest = rows;
    }
    return largest;
  }

  bool checkAll() {
    const int64_t buffers = program_.buffers.size();
    if (!scheduled_->rows.resize(buffers)) return fail("out of memory");
    for (int64_t b = 0; b < buffers; b++) scheduled_->rows[b] = rowsOf(program_.buffers[b]);
    for (int r = 0; r < 3; r++)
      for (const Instruction& i : program_.regions[r])
        if (!(r == 1 ? loopInstruction(i) : instruction(i, scheduled_->counts[i.space]))) return false;
    return true;
  }

  bool loopInstruction(const Instruction& i) {
    const int32_t s = levelledNumbers[i.space];
    if (s < 0) return fail("rows without levels in the loop");
    const Array<int32_t>& begin = scheduled_->begin[s];
    const Array<int32_t>& end = scheduled_->end[s];
    for (int64_t l = 0; l < scheduled_->levels; l++)
      if (begin[l] < 0 || begin[l] > end[l] || end[l] > scheduled_->counts[i.space]) return fail("a level beyond the rows");
    return instruction(i, scheduled_->counts[i.space]);
  }

  bool instruction(const Instruction& i, int64_t rows) {
    if (i.kind == Kind::map || i.kind == Kind::segmentMap) {
      const int64_t inner = i.kind == Kind::segmentMap ? scheduled_->counts[i.listSpace] : rows;
      for (const Operand& o : program_.maps[i.map]->operands)
        if (o.hasView() && !view(o.view, o.storage == Storage::sum ? rows : inner)) return false;
      return i.kind == Kind::map || lists(*scheduled_->tables[i.lists], rows, inner);
    }
    if (!view(i.out, rows)) return false;
    if (isListed(i) ? !lists(*scheduled_->tables[i.lists], rows, scheduled_->rows[i.a.buffer]) : !view(i.a, rows)) return false;
    return (readsOf(i) < 2 || view(i.b, rows)) && (readsOf(i) < 3 || view(i.c, rows));
  }

  bool view(const View& v, int64_t rows) {
    const int64_t there = scheduled_->rows[v.buffer];
    if (v.rows == rowsFixed) return there >= 1 ? true : fail("a fixed row of none");
    // Equal spaces have equal counts; a level buffer holds the largest level.
    if (v.rows == rowsSame || rows == 0) return true;
    const Table& t = *scheduled_->tables[v.rows];
    if (t.index.size() == 0) return t.offset + rows <= there ? true : fail("a table that leads beyond its buffer");
    if (t.index.size() < rows) return fail("a table shorter than its space");
    for (int64_t r = 0; r < rows; r++)
      if (t.offset + t.index[r] >= there) return fail("a table that leads beyond its buffer");
    return true;
  }

  bool lists(const Table& t, int64_t rows, int64_t there) {
    if (t.starts.size() < rows + 1) return fail("lists for fewer rows than there are");
    if (t.starts[0] < 0) return fail("a list that starts before its table");
    for (int64_t r = 0; r < rows; r++)
      if (t.starts[r] > t.starts[r + 1]) return fail("a list that ends before it starts");
    if (t.starts[rows] > t.index.size()) return fail("a list that ends after its table");
    for (int64_t q = t.starts[0]; q < t.starts[rows]; q++)
      if (t.index[q] < 0 || t.index[q] >= there) return fail("a list that leads beyond its buffer");
    return true;
  }

  bool checkSizes() {
    int64_t all = 0;
    for (int64_t b = 0; b < program_.buffers.size(); b++) {
      const int64_t elements = scheduled_->rows[b] * program_.buffers[b].columns;
      if (elements > (int64_t{1} << 40)) return fail("a buffer too large");
      if (isBound(program_.buffers[b].role)) continue;
      all += elements * 8;
      if (all > (int64_t{1} << 44)) return fail("temporaries too large");
    }
    return true;
  }

  const int32_t* at_;
  const int32_t* end_;
  Program& program_;
  ScheduledProgram* scheduled_ = nullptr;
  bool short_ = false;
};

}  // namespace

ScheduledProgram* scheduleProgram(Program* program, const int32_t* ints, int64_t count, const char** error) {
  Scheduler scheduler(program, ints, count);
  ScheduledProgram* scheduled = scheduler.make();
  if (scheduled == nullptr) *error = scheduler.error;
  return scheduled;
}

}  // namespace longspan
