// What instructions have at hand while they run.
#pragma once
#include "products.h"
#include "run-map.h"

namespace longspan {
namespace LONGSPAN_ISA {

struct Work {
  const Bound& bound;
  Products& products;
  Workspace& workspace;
  Failure& failure;
};

/** An instruction that sums rows, over the rows of one span. */
template <class Kind>
inline Status run(Kind kind, const Work& work, const Instruction& i, const Span& span) {
  const Segment all = {span.begin, span.end};
  work.products.forget();
  return sum(kind, work, i, span, &all, 1, i.accumulate != 0);
}

/** Of what does not sum rows there is no sum. */
template <class Kind>
inline Status sum(Kind, const Work&, const Instruction&, const Span&, const Segment*, int64_t, bool) {
  return Status::ok;
}

}  // namespace LONGSPAN_ISA
}  // namespace longspan
