// out[r, v, j] (+)= sum over k of a[r, v, c[k, j]] b[k, j]; transposed: out[r, v, c[k, j]] (+)= a[r, v, j] b[k, j].
#pragma once
#include "instruction.h"
#ifdef LONGSPAN_RUNS
#include "instruction-context.h"
#endif

namespace longspan {
namespace instruction {

struct sparseProduct : Common {
  static constexpr int reads = 3;
  static constexpr bool byRows = true;

  static bool check(Checks& c, Instruction& i) {
    const int64_t elements = c.times(i.nonZeros, i.columns);
    return c.check(i.out, i.space, c.times(i.count, i.transposed ? i.size : i.columns), true) &&
           c.check(i.a, i.space, c.times(i.count, i.transposed ? i.columns : i.size)) && c.check(i.b, i.space, elements) &&
           c.check(i.c, i.space, elements) && c.floats(i) && c.isInt(i.c);
  }
  static double cost(const Program&, const Instruction& i) {
    return static_cast<double>(i.count) * i.nonZeros * i.columns / 4;
  }
};

}  // namespace instruction

#ifdef LONGSPAN_RUNS
namespace LONGSPAN_ISA {

/** What is formed with a sparse matrix: a product, one with its transpose, or what an outer product has in its places. */
enum class Sparse { product, transposed, outer };

/** The first of `count` indices that is none of `size`; `count` if all are. */
LONGSPAN_SHARED int64_t firstBeyond(const int32_t* from, int64_t count, int32_t size) {
  uint32_t largest = 0;
  for (int64_t q = 0; q < count; q++) {
    const uint32_t index = static_cast<uint32_t>(from[q]);
    largest = index > largest ? index : largest;
  }
  if (count == 0 || largest < static_cast<uint32_t>(size)) return count;
  int64_t q = 0;
  while (static_cast<uint32_t>(from[q]) < static_cast<uint32_t>(size)) q++;
  return q;
}

#if defined(__wasm__)
template <class T>
LONGSPAN_INLINE int64_t addEights(const Instruction&, T*, const T*, const T*, const int32_t*) {
  return 0;
}
#else
/** Adds to the columns of a product, eight at a time; gives their number. Instructions that load from many places at once are slower. */
template <class T>
int64_t addEights(const Instruction& i, T* out, const T* a, const T* b, const int32_t* from) {
  constexpr int wide = 8;
  const int64_t n = i.columns;
  int64_t j = 0;
  for (; j + wide <= n; j += wide) {
    T sums[wide];
    for (int v = 0; v < wide; v++) sums[v] = out[j + v];
    for (int64_t q = j; q < n * i.nonZeros; q += n)
      for (int v = 0; v < wide; v++) sums[v] += a[static_cast<uint32_t>(from[q + v])] * b[q + v];
    for (int v = 0; v < wide; v++) out[j + v] = sums[v];
  }
  return j;
}
#endif

/** Adds what one vector gives. */
template <class T>
LONGSPAN_SMALL LONGSPAN_SHARED void addSparse(Sparse form, const Instruction& i, T* out, const T* a, const T* b, const int32_t* from) {
  const int64_t n = i.columns;
  if (form == Sparse::product) {
    for (int64_t j = addEights(i, out, a, b, from); j < n; j++) {
      T sum = out[j];
      for (int64_t q = j; q < n * i.nonZeros; q += n) sum += a[from[q]] * b[q];
      out[j] = sum;
    }
    return;
  }
  const bool transposed = form == Sparse::transposed;
  for (int32_t k = 0; k < i.nonZeros; k++, from += n)
    for (int64_t j = 0; j < n; j++) {
      const int64_t q = k * n + j;
      out[transposed ? from[j] : q] += a[transposed ? j : from[j]] * b[transposed ? q : j];
    }
}

template <class T>
LONGSPAN_SMALL Status runSparse(Sparse form, const InstructionContext& context, const Instruction& i, const Span& span) {
  const Bound& bound = context.bound;
  const int64_t elements = static_cast<int64_t>(i.nonZeros) * i.columns;
  const int64_t stepA = form == Sparse::transposed ? i.columns : i.size;
  const int64_t stepB = form == Sparse::outer ? i.columns : 0;
  const int64_t stepOut = form == Sparse::outer ? 0 : form == Sparse::transposed ? i.size : i.columns;
  const size_t bytes = static_cast<size_t>(form == Sparse::outer ? elements : i.count * stepOut) * sizeof(T);
  const bool shared = i.out.rows == rowsFixed;
  if (!i.accumulate && shared) __builtin_memset(bound.at<T>(i.out, 0), 0, bytes);
  for (int64_t r = span.begin; r < span.end; r++) {
    const int32_t* from = bound.at<const int32_t>(i.c, bound.rowOf(i.c, r));
    if (r == span.begin || i.c.rows != rowsFixed) {
      const int64_t beyond = firstBeyond(from, elements, i.size);
      if (beyond < elements) return failAt(context.failure, from[beyond], r, static_cast<int32_t>(beyond), i.size);
    }
    T* out = bound.at<T>(i.out, bound.rowOf(i.out, r));
    const T* a = bound.at<const T>(i.a, bound.rowOf(i.a, r));
    const T* b = bound.at<const T>(i.b, bound.rowOf(i.b, r));
    if (!i.accumulate && !shared) __builtin_memset(out, 0, bytes);
    for (int32_t v = 0; v < i.count; v++, a += stepA, b += stepB, out += stepOut) addSparse(form, i, out, a, b, from);
  }
  return Status::ok;
}

LONGSPAN_SHARED Status runSparse(Sparse form, const InstructionContext& context, const Instruction& i, const Span& span) {
  return context.bound.typeOf(i.out) == DType::float64 ? runSparse<double>(form, context, i, span)
                                                       : runSparse<float>(form, context, i, span);
}

inline Status run(instruction::sparseProduct, const InstructionContext& context, const Instruction& i, const Span& span) {
  return runSparse(i.transposed ? Sparse::transposed : Sparse::product, context, i, span);
}

}  // namespace LONGSPAN_ISA
#endif
}  // namespace longspan
