// Vectors of the widest kind that this translation unit is compiled for, through the compiler's vector extension.
#pragma once
#include <stdint.h>
#if defined(__AVX512F__)
#include <immintrin.h>
#endif

#include "array.h"
#include "encoding.h"

namespace longspan {
namespace LONGSPAN_ISA {

#if defined(__AVX512F__)
constexpr int vectorBytes = 64;
#elif defined(__AVX__)
constexpr int vectorBytes = 32;
#else
constexpr int vectorBytes = 16;
#endif

typedef float Floats __attribute__((vector_size(vectorBytes)));
typedef double Doubles __attribute__((vector_size(vectorBytes)));
typedef int32_t Ints __attribute__((vector_size(vectorBytes)));
typedef int64_t Longs __attribute__((vector_size(vectorBytes)));
typedef float LooseFloats __attribute__((vector_size(vectorBytes), aligned(4), may_alias));
typedef double LooseDoubles __attribute__((vector_size(vectorBytes), aligned(8), may_alias));
typedef int32_t LooseInts __attribute__((vector_size(vectorBytes), aligned(4), may_alias));

template <class T>
struct Vector;
template <>
struct Vector<float> {
  typedef Floats Type;
  typedef LooseFloats Loose;
  typedef Ints Mask;
};
template <>
struct Vector<double> {
  typedef Doubles Type;
  typedef LooseDoubles Loose;
  typedef Longs Mask;
};
template <>
struct Vector<int32_t> {
  typedef Ints Type;
  typedef LooseInts Loose;
  typedef Ints Mask;
};

template <class T>
using Vec = typename Vector<T>::Type;

template <class T>
constexpr int lanes = vectorBytes / static_cast<int>(sizeof(T));

template <class T>
LONGSPAN_INLINE Vec<T> load(const T* p) {
  return *reinterpret_cast<const typename Vector<T>::Loose*>(p);
}

template <class T>
LONGSPAN_INLINE void store(T* p, Vec<T> v) {
  *reinterpret_cast<typename Vector<T>::Loose*>(p) = v;
}

#if defined(__AVX512F__)
/** The first n lanes from memory, the rest zero. */
template <class T>
LONGSPAN_INLINE Vec<T> loadPart(const T* p, int n) {
  if constexpr (sizeof(T) == 8)
    return reinterpret_cast<Vec<T>>(_mm512_maskz_loadu_pd(static_cast<__mmask8>((1u << n) - 1), p));
  else
    return reinterpret_cast<Vec<T>>(_mm512_maskz_loadu_epi32(static_cast<__mmask16>((1u << n) - 1), p));
}

template <class T>
LONGSPAN_INLINE void storePart(T* p, Vec<T> v, int n) {
  if constexpr (sizeof(T) == 8)
    _mm512_mask_storeu_pd(p, static_cast<__mmask8>((1u << n) - 1), reinterpret_cast<__m512d>(v));
  else
    _mm512_mask_storeu_epi32(p, static_cast<__mmask16>((1u << n) - 1), reinterpret_cast<__m512i>(v));
}
#else
/** The first n lanes from memory, the rest zero. Not inlined: tails are rare, and would be most of the code. */
template <class T>
__attribute__((noinline)) Vec<T> loadPart(const T* p, int n) {
  alignas(vectorBytes) T part[lanes<T>] = {};
  for (int i = 0; i < n; i++) part[i] = p[i];
  return *reinterpret_cast<const Vec<T>*>(part);
}

template <class T>
__attribute__((noinline)) void storePart(T* p, Vec<T> v, int n) {
  alignas(vectorBytes) T part[lanes<T>];
  *reinterpret_cast<Vec<T>*>(part) = v;
  for (int i = 0; i < n; i++) p[i] = part[i];
}
#endif

/** Less zero, which compilers leave out; plus zero they must not, as it turns -0 into 0. */
template <class T>
LONGSPAN_INLINE Vec<T> splat(T x) {
  return x - Vec<T>{};
}

/** a b + c, rounded once where the machine has it. */
template <class V>
LONGSPAN_INLINE V multiplyAdd(V a, V b, V c) {
  return a * b + c;
}
#if defined(__wasm_relaxed_simd__)
template <>
LONGSPAN_INLINE Floats multiplyAdd<Floats>(Floats a, Floats b, Floats c) {
  return __builtin_wasm_relaxed_madd_f32x4(a, b, c);
}
template <>
LONGSPAN_INLINE Doubles multiplyAdd<Doubles>(Doubles a, Doubles b, Doubles c) {
  return __builtin_wasm_relaxed_madd_f64x2(a, b, c);
}
#endif

/**
 * What is summed or compared along a line: element i goes to accumulator i mod `lineAccumulators`, in a few vectors. The accumulators
 * are joined in a fixed order, so results have the same bits with vectors of any width.
 */
template <class T>
constexpr int lineAccumulators = 128 / static_cast<int>(sizeof(T));
template <class T>
constexpr int lineVectors = lineAccumulators<T> / lanes<T>;
/** Accumulators that are left when halves have been joined. */
constexpr int joinedAccumulators = 8;

/** Joins the second half of the accumulators to the first until eight are left, which go to `joined`. */
template <class T, class F>
LONGSPAN_INLINE void joinAccumulators(const Vec<T>* vectors, T* joined, F f) {
  alignas(vectorBytes) T accumulators[lineAccumulators<T>];
  for (int v = 0; v < lineVectors<T>; v++) store(accumulators + v * lanes<T>, vectors[v]);
  for (int half = lineAccumulators<T> / 2; half >= joinedAccumulators; half /= 2)
    for (int i = 0; i < half; i++) accumulators[i] = f(accumulators[i], accumulators[i + half]);
  for (int i = 0; i < joinedAccumulators; i++) joined[i] = accumulators[i];
}

LONGSPAN_INLINE Floats asFloats(Ints v) { return reinterpret_cast<Floats>(v); }
LONGSPAN_INLINE Ints asInts(Floats v) { return reinterpret_cast<Ints>(v); }

/** Calls f with a null pointer of the element type. */
template <class F>
inline void withType(DType dtype, F f) {
  if (dtype == DType::float32)
    f(static_cast<float*>(nullptr));
  else if (dtype == DType::float64)
    f(static_cast<double*>(nullptr));
  else
    f(static_cast<int32_t*>(nullptr));
}

template <class T>
struct Remove;
template <class T>
struct Remove<T*> {
  typedef T Type;
};
#define LONGSPAN_TYPE(pointer) typename Remove<decltype(pointer)>::Type

}  // namespace LONGSPAN_ISA
}  // namespace longspan
