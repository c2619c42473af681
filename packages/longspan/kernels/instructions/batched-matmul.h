// Per row: `count` products of consecutive matrices.
#pragma once
#include "instruction.h"
#ifdef LONGSPAN_RUNS
#include "instruction-context.h"
#endif

namespace longspan {
namespace instruction {

struct batchedMatmul : Common {
  static bool check(Checks& c, Instruction& i) {
    return c.check(i.out, i.space, c.times(i.count, i.m, i.n), true) &&
           c.check(i.a, i.space, c.times(i.count, i.m, i.k)) && c.check(i.b, i.space, c.times(i.count, i.k, i.n)) &&
           c.floats(i);
  }
  static double cost(const Program&, const Instruction& i) { return static_cast<double>(i.count) * i.m * i.k * i.n / 20; }
};

}  // namespace instruction

#ifdef LONGSPAN_RUNS
namespace LONGSPAN_ISA {

inline Status run(instruction::batchedMatmul, const InstructionContext& context, const Instruction& i, const Span& span) {
  return context.products.batched(i, span);
}

}  // namespace LONGSPAN_ISA
#endif
}  // namespace longspan
