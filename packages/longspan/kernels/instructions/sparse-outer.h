// out[0, (k, j)] (+)= sum over rows and v of a[r, v, c[k, j]] b[r, v, j]; where the result has rows, each is that of its own row.
#pragma once
#include "sparse-product.h"

namespace longspan {
namespace instruction {

struct sparseOuter : Common {
  static constexpr int reads = 3;

  static bool check(Checks& c, Instruction& i) {
    const int64_t elements = c.times(i.nonZeros, i.columns);
    return c.check(i.out, i.space, elements, true) && c.check(i.a, i.space, c.times(i.count, i.size)) &&
           c.check(i.b, i.space, c.times(i.count, i.columns)) && c.check(i.c, i.space, elements) && c.floats(i) && c.isInt(i.c);
  }
  static double cost(const Program& program, const Instruction& i) { return sparseProduct::cost(program, i); }
};

}  // namespace instruction

#ifdef LONGSPAN_RUNS
namespace LONGSPAN_ISA {

inline Status run(instruction::sparseOuter, const InstructionContext& context, const Instruction& i, const Span& span) {
  return runSparse(Sparse::outer, context, i, span);
}

}  // namespace LONGSPAN_ISA
#endif
}  // namespace longspan
