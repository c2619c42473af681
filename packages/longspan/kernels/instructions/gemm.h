// out[r, :] (+)= a[r, :] . B for a B that all rows share.
#pragma once
#include "instruction.h"
#ifdef LONGSPAN_RUNS
#include "instruction-context.h"
#endif

namespace longspan {
namespace instruction {

struct gemm : Common {
  static constexpr bool byRows = true;
  static constexpr bool packs = true;

  static bool check(Checks& c, Instruction& i) {
    return c.addPack(i) && c.fixed(i.b) && c.check(i.out, i.space, i.n, true) && c.check(i.a, i.space, i.k) &&
           c.check(i.b, i.space, c.times(i.k, i.n)) && c.floats(i);
  }
  static double cost(const Program&, const Instruction& i) { return static_cast<double>(i.k) * i.n / 30; }
};

}  // namespace instruction

#ifdef LONGSPAN_RUNS
namespace LONGSPAN_ISA {

inline Status run(instruction::gemm, const InstructionContext& context, const Instruction& i, const Span& span) {
  return context.products.gemm(i, span);
}

}  // namespace LONGSPAN_ISA
#endif
}  // namespace longspan
