// A tile program over the features of each row; parse.cc reads it, which checks it as it goes.
#pragma once
#include "instruction.h"
#ifdef LONGSPAN_RUNS
#include "instruction-context.h"
#endif

namespace longspan {
namespace instruction {

struct map : Common {
  static constexpr bool byRows = true;

  static bool check(Checks&, Instruction&) { return true; }
  static double cost(const Program& program, const Instruction& i) {
    return elementsOf(*program.maps[i.map]) / 4;
  }
};

}  // namespace instruction

#ifdef LONGSPAN_RUNS
namespace LONGSPAN_ISA {

inline Status run(instruction::map, const InstructionContext& context, const Instruction& i, const Span& span) {
  return MapRunner(context.bound, *context.bound.scheduled.program->maps[i.map], context.workspace).run(span);
}

}  // namespace LONGSPAN_ISA
#endif
}  // namespace longspan
