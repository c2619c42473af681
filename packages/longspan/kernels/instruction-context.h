// What instructions have at hand while they run.
#pragma once
#include "products.h"
#include "run-map.h"

namespace longspan {
namespace LONGSPAN_ISA {

struct InstructionContext {
  const Bound& bound;
  Products& products;
  Workspace& workspace;
  Failure& failure;
  /** Of an instruction whose columns are shared: which of so many shares this thread does. */
  int32_t share = 0;
  int32_t shares = 1;
};

/** An instruction that sums rows, over the rows of one span. */
template <class Kind>
inline Status run(Kind kind, const InstructionContext& context, const Instruction& i, const Span& span) {
  const Segment all = {span.begin, span.end};
  context.products.forget();
  return sum(kind, context, i, span, &all, 1, i.accumulate != 0);
}

/** Of what does not sum rows there is no sum. */
template <class Kind>
inline Status sum(Kind, const InstructionContext&, const Instruction&, const Span&, const Segment*, int64_t, bool) {
  return Status::ok;
}

}  // namespace LONGSPAN_ISA
}  // namespace longspan
