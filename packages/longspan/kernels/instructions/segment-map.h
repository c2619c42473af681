// For each list of rows, a tile program over its rows, what it stores summed over them: out[r] = sum over the rows q in list r of
// f(q), in list order. parse.cc reads it, which checks it as it goes.
#pragma once
#include "instruction.h"
#ifdef LONGSPAN_RUNS
#include "instruction-context.h"
#endif

namespace longspan {
namespace instruction {

struct segmentMap : Common {
  static constexpr bool byRows = true;

  static bool check(Checks&, Instruction&) { return true; }
  /** How long lists are is not known here: as if each had sixteen rows. */
  static double cost(const Program& program, const Instruction& i) {
    return elementsOf(*program.maps[i.map]) * 4;
  }
};

}  // namespace instruction

#ifdef LONGSPAN_RUNS
namespace LONGSPAN_ISA {

inline Status run(instruction::segmentMap, const InstructionContext& context, const Instruction& i, const Span& span) {
  const ScheduledProgram& scheduled = context.bound.scheduled;
  return MapRunner(context.bound, *scheduled.program->maps[i.map], context.workspace)
      .sums(span, *scheduled.tables[i.lists], levelledNumbers[i.listSpace]);
}

}  // namespace LONGSPAN_ISA
#endif
}  // namespace longspan
