// out[0, (i, j)] (+)= sum over rows of a[r, i] b[r, j].
#pragma once
#include "instruction.h"
#ifdef LONGSPAN_RUNS
#include "instruction-context.h"
#endif

namespace longspan {
namespace instruction {

struct outerSum : Common {
  static constexpr bool byRows = true;
  static constexpr bool sums = true;

  static bool check(Checks& c, Instruction& i) {
    return c.fixed(i.out) && c.check(i.out, i.space, c.times(i.m, i.n), true) && c.check(i.a, i.space, i.m) &&
           c.check(i.b, i.space, i.n) && c.floats(i);
  }
  static double cost(const Program&, const Instruction& i) { return static_cast<double>(i.m) * i.n / 30; }
};

}  // namespace instruction

#ifdef LONGSPAN_RUNS
namespace LONGSPAN_ISA {

inline Status sum(instruction::outerSum, const InstructionContext& context, const Instruction& i, const Span& span, const Segment* segments,
                  int64_t count, bool add) {
  return context.products.outerSum(i, span, segments, count, add);
}

}  // namespace LONGSPAN_ISA
#endif
}  // namespace longspan
