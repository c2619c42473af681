// What instructions may ask of their operands while a program is read: every answer of no is an error with a reason.
#pragma once
#include "program.h"

namespace longspan {

class Checks {
 public:
  const char* error = "a program that ends early";

  bool fail(const char* message) {
    if (!short_) error = message;
    return false;
  }

  /** The product of sizes, or a number too large for any buffer. */
  static int64_t times(int64_t a, int64_t b, int64_t c = 1, int64_t d = 1) {
    int64_t result = 1;
    const int64_t factors[] = {a, b, c, d};
    for (const int64_t n : factors) {
      if (n == 0) return 0;
      if (result > (int64_t{1} << 40) / n) return int64_t{1} << 40;
      result *= n;
    }
    return result;
  }

  bool addPack(Instruction& i) {
    i.pack = static_cast<int32_t>(program_->packs.size());
    if (!program_->packs.resize(i.pack + 1)) return fail("out of memory");
    program_->packs[i.pack] = new Pack();
    return true;
  }

  bool fixed(const View& v) { return v.rows == rowsFixed ? true : fail("an operand that should be one row for all"); }

  DType typeOf(const View& v) const { return program_->buffers[v.buffer].dtype; }

  bool floats(const Instruction& i) {
    const DType t = typeOf(i.out);
    if (t == DType::int32 || t != typeOf(i.a) || t != typeOf(i.b)) return fail("a product of mixed or integer types");
    return true;
  }

  bool same(const View& a, const View& b) {
    return typeOf(a) == typeOf(b) ? true : fail("an operand of another type than the result");
  }

  bool isInt(const View& v) { return typeOf(v) == DType::int32 ? true : fail("indices that are not int32"); }

  bool notLevel(const View& v) {
    return program_->buffers[v.buffer].role != Role::level ? true : fail("a level buffer read by lists");
  }

  bool checkColumns(const View& v, int64_t width) {
    if (v.buffer < 0 || v.buffer >= program_->buffers.size()) return fail("no such buffer");
    const Buffer& b = program_->buffers[v.buffer];
    if (v.offset < 0 || v.offset + width > b.columns) return fail("columns beyond the buffer");
    return true;
  }

  bool check(const View& v, int32_t space, int64_t width, bool written = false) {
    if (!checkColumns(v, width)) return false;
    const Buffer& b = program_->buffers[v.buffer];
    if (b.role == Role::level && (region_ != 1 || v.rows != rowsSame))
      return fail("a level buffer outside the loop or by a table");
    if (written && b.role == Role::input) return fail("an input is written");
    if (v.rows == rowsSame) return b.space == space ? true : fail("rows of another space");
    if (v.rows == rowsFixed) return b.space == spaceOne ? true : fail("a fixed row of many");
    if (v.rows < 0 || v.rows >= program_->tables.size() || program_->tables[v.rows] != 0) return fail("no such row table");
    return true;
  }

  bool isListTable(int32_t table) const { return table < program_->tables.size() && program_->tables[table] == 1; }

 protected:
  Program* program_ = nullptr;
  int region_ = 0;
  bool short_ = false;
};

}  // namespace longspan
