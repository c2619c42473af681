// out[r, o, q, i] = the index j of what comes at q among a[r, o, j, i]. The indices are kept in a heap in the result itself.
#pragma once
#include "instruction.h"
#ifdef LONGSPAN_RUNS
#include "instruction-context.h"
#endif

namespace longspan {
namespace instruction {

struct order : Common {
  static constexpr int reads = 1;
  static constexpr bool byRows = true;

  static bool check(Checks& c, Instruction& i) {
    if (i.count > i.length) return c.fail("more results than elements");
    return c.check(i.out, i.space, c.times(i.outer, i.count, i.inner), true) &&
           c.check(i.a, i.space, c.times(i.outer, i.length, i.inner)) && c.isInt(i.out);
  }
  static double cost(const Program&, const Instruction& i) {
    return static_cast<double>(i.outer) * i.length * i.inner * 8;
  }
};

}  // namespace instruction

#ifdef LONGSPAN_RUNS
namespace LONGSPAN_ISA {

/** Indices of elements that lie `stride` apart, in a heap whose top comes last of those kept. */
template <class T>
struct IndexHeap {
  const T* elements;
  int32_t* heap;
  int64_t stride;
  bool descending;

  /** NaN counts as larger than every number; of equals the first comes first. */
  LONGSPAN_SHARED bool isBefore(int32_t p, int32_t q) const {
    const T x = elements[p * stride];
    const T y = elements[q * stride];
    const bool smaller = x < y || (y != y && x == x);
    const bool larger = y < x || (x != x && y == y);
    return smaller || larger ? smaller != descending : p < q;
  }

  /** Lets an index sink from `at` to where it belongs among the first `size`. */
  LONGSPAN_SHARED void sink(int32_t index, int64_t at, int64_t size) const {
    for (int64_t child = 2 * at + 1; child < size; child = 2 * at + 1) {
      if (child + 1 < size && isBefore(heap[child * stride], heap[(child + 1) * stride])) child++;
      if (!isBefore(index, heap[child * stride])) break;
      heap[at * stride] = heap[child * stride];
      at = child;
    }
    heap[at * stride] = index;
  }

  void order(int32_t length, int32_t count) const {
    for (int32_t q = 0; q < count; q++) heap[q * stride] = q;
    for (int64_t q = count / 2 - 1; q >= 0; q--) sink(heap[q * stride], q, count);
    for (int32_t j = count; j < length; j++)
      if (isBefore(j, heap[0])) sink(j, 0, count);
    for (int64_t q = static_cast<int64_t>(count) - 1; q > 0; q--) {
      const int32_t index = heap[q * stride];
      heap[q * stride] = heap[0];
      sink(index, 0, q);
    }
  }
};

template <class T>
LONGSPAN_SMALL void order(const Bound& bound, const Instruction& i, const Span& span) {
  const int64_t inner = i.inner;
  for (int64_t r = span.begin; r < span.end; r++) {
    const T* a = bound.at<const T>(i.a, bound.rowOf(i.a, r));
    int32_t* out = bound.at<int32_t>(i.out, bound.rowOf(i.out, r));
    for (int64_t o = 0; o < i.outer; o++, a += i.length * inner, out += i.count * inner)
      for (int64_t c = 0; c < inner; c++) IndexHeap<T>{a + c, out + c, inner, i.descending != 0}.order(i.length, i.count);
  }
}

inline Status run(instruction::order, const InstructionContext& context, const Instruction& i, const Span& span) {
  if (i.count == 0) return Status::ok;
  withType(context.bound.typeOf(i.a), [&](auto type) { order<LONGSPAN_TYPE(type)>(context.bound, i, span); });
  return Status::ok;
}

}  // namespace LONGSPAN_ISA
#endif
}  // namespace longspan
