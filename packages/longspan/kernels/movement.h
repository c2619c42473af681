// The operations of a map that move elements, reduce them or draw them: general strides, one row at a time.
#pragma once
#include "map.h"

namespace longspan {
namespace LONGSPAN_ISA {

constexpr int maxRank = 8;

/** Walks a row-major index space with strides: calls f(first, count, stride) for each innermost line. */
template <class F>
inline void walk(const int32_t* dims, int rank, int64_t base, F f) {
  if (rank == 0) return f(base, static_cast<int64_t>(1), static_cast<int64_t>(1));
  int32_t index[maxRank] = {};
  for (int d = 0; d < rank; d++)
    if (dims[2 * d] == 0) return;
  const int64_t count = dims[2 * rank - 2];
  const int64_t stride = dims[2 * rank - 1];
  for (;;) {
    f(base, count, stride);
    int d = rank - 2;
    for (; d >= 0; d--) {
      base += dims[2 * d + 1];
      if (++index[d] < dims[2 * d]) break;
      base -= static_cast<int64_t>(dims[2 * d]) * dims[2 * d + 1];
      index[d] = 0;
    }
    if (d < 0) return;
  }
}

/** out = a at strides, row-major in out. T: an unsigned type of the element's size. */
template <class T>
inline void moveRows(int64_t rows, const Tile& o, const Tile& a, const int32_t* dims, int rank, int64_t base) {
  for (int64_t r = 0; r < rows; r++) {
    T* to = row<T>(o, r);
    const T* from = row<T>(a, r);
    walk(dims, rank, base, [&](int64_t first, int64_t count, int64_t stride) {
      if (stride == 1) {
        __builtin_memcpy(to, from + first, static_cast<size_t>(count) * sizeof(T));
      } else if (stride == 0) {
        const T x = from[first];
        for (int64_t i = 0; i < count; i++) to[i] = x;
      } else {
        for (int64_t i = 0; i < count; i++) to[i] = from[first + i * stride];
      }
      to += count;
    });
  }
}

/** out at strides = a, row-major in a; elsewhere out stays as it is. */
template <class T>
inline void insertRows(int64_t rows, const Tile& o, const Tile& a, const int32_t* dims, int rank, int64_t base) {
  for (int64_t r = 0; r < rows; r++) {
    T* to = row<T>(o, r);
    const T* from = row<T>(a, r);
    walk(dims, rank, base, [&](int64_t first, int64_t count, int64_t stride) {
      if (stride == 1)
        __builtin_memcpy(to + first, from, static_cast<size_t>(count) * sizeof(T));
      else
        for (int64_t i = 0; i < count; i++) to[first + i * stride] = from[i];
      from += count;
    });
  }
}

/** The sum of n elements: of whole lines in their type, then in double precision. */
template <class T>
LONGSPAN_SHARED double sumLine(const T* x, int64_t n) {
  Vec<T> sums[lineVectors<T>] = {};
  int64_t i = 0;
  for (; i + lineAccumulators<T> <= n; i += lineAccumulators<T>)
    for (int v = 0; v < lineVectors<T>; v++) sums[v] += load(x + i + v * lanes<T>);
  double total = 0;
  if (i > 0) {
    T joined[joinedAccumulators];
    joinAccumulators<T>(sums, joined, [](T one, T other) { return one + other; });
    for (const T sum : joined) total += static_cast<double>(sum);
  }
  for (; i < n; i++) total += static_cast<double>(x[i]);
  return total;
}

/** The sum of n products, in their type: element i goes to accumulator i mod `lineAccumulators`. */
template <class T>
LONGSPAN_SHARED double dotLine(const T* x, const T* y, int64_t n) {
  Vec<T> sums[lineVectors<T>] = {};
  int64_t i = 0;
  for (; i + lineAccumulators<T> <= n; i += lineAccumulators<T>)
    for (int v = 0; v < lineVectors<T>; v++)
      sums[v] = multiplyAdd(load(x + i + v * lanes<T>), load(y + i + v * lanes<T>), sums[v]);
  // The rest too in vectors: whether a scalar product is rounded before it is added is the compiler's choice.
  for (int v = 0; i < n; v++, i += lanes<T>) {
    const int left = n - i < lanes<T> ? static_cast<int>(n - i) : lanes<T>;
    sums[v] = multiplyAdd(loadPart(x + i, left), loadPart(y + i, left), sums[v]);
  }
  T joined[joinedAccumulators];
  joinAccumulators<T>(sums, joined, [](T one, T other) { return one + other; });
  double total = 0;
  for (const T sum : joined) total += static_cast<double>(sum);
  return total;
}

/** out, one number per row = the sum of a b. */
inline void dot(DType to, int64_t rows, int64_t size, const Tile& o, const Tile& a, const Tile& b) {
  withFloats(to, [&](auto zero) {
    typedef decltype(zero) T;
    for (int64_t r = 0; r < rows; r++) *row<T>(o, r) = static_cast<T>(dotLine(row<T>(a, r), row<T>(b, r), size));
  });
}

LONGSPAN_SHARED float largestLine(const float* x, int64_t n) {
  // Several at a time: each comparison waits for the one before it.
  Floats most[lineVectors<float>];
  for (Floats& m : most) m = splat(-__builtin_inff());
  int64_t i = 0;
  for (; i + lineAccumulators<float> <= n; i += lineAccumulators<float>)
    for (int v = 0; v < lineVectors<float>; v++) most[v] = greater(most[v], load(x + i + v * lanes<float>));
  if (i < n) {
    alignas(vectorBytes) float rest[lineAccumulators<float>];
    for (float& r : rest) r = -__builtin_inff();
    __builtin_memcpy(rest, x + i, static_cast<size_t>(n - i) * sizeof(float));
    for (int v = 0; v < lineVectors<float>; v++) most[v] = greater(most[v], load(rest + v * lanes<float>));
  }
  float joined[joinedAccumulators];
  joinAccumulators<float>(most, joined, [](float one, float other) { return greater(one, other); });
  float result = joined[0];
  for (const float m : joined) result = greater(result, m);
  return result;
}

/** Calls f with the first position of what each element of a result is reduced from. */
template <class F>
inline void eachKept(const int32_t* dims, int kept, F f) {
  walk(dims, kept, 0, [&](int64_t first, int64_t count, int64_t stride) {
    for (int64_t q = 0; q < count; q++) f(first + q * stride);
  });
}

LONGSPAN_INLINE double largerOf(double x, double y) { return x != x ? x : y != y ? y : y > x ? y : x; }

template <class T>
inline double sumOf(const T* x, int64_t n, int64_t step) {
  if constexpr (static_cast<T>(0.5) != 0)
    if (step == 1) return sumLine(x, n);
  double sum = 0;
  for (int64_t i = 0; i < n; i++) sum += static_cast<double>(x[i * step]);
  return sum;
}

template <class T>
inline double largestOf(const T* x, int64_t n, int64_t step) {
  if constexpr (sizeof(T) == 4 && static_cast<T>(0.5) != 0)
    if (step == 1) return static_cast<double>(largestLine(x, n));
  double best = -__builtin_inf();
  for (int64_t i = 0; i < n; i++) best = largerOf(best, static_cast<double>(x[i * step]));
  return best;
}

/**
 * Reduces the trailing dimensions for every index of the leading `kept` ones. Sums are formed in double precision. An argmax is
 * an int32, anything else has the type of its operand.
 */
template <class T>
inline void reduceRows(Reduce code, int64_t rows, const Tile& o, const Tile& a, const int32_t* dims, int rank, int kept) {
  const int32_t* reduced = dims + 2 * kept;
  for (int64_t r = 0; r < rows; r++) {
    const T* from = row<T>(a, r);
    T* to = row<T>(o, r);
    int32_t* positions = row<int32_t>(o, r);
    eachKept(dims, kept, [&](int64_t base) {
      if (code == Reduce::argmax) {
        double best = -__builtin_inf();
        int32_t at = 0;
        int32_t seen = 0;
        walk(reduced, rank - kept, base, [&](int64_t start, int64_t n, int64_t step) {
          for (int64_t i = 0; i < n; i++, seen++) {
            const double x = static_cast<double>(from[start + i * step]);
            if (!(x > best)) continue;
            best = x;
            at = seen;
          }
        });
        *positions++ = at;
        return;
      }
      double result = code == Reduce::sum ? 0 : -__builtin_inf();
      walk(reduced, rank - kept, base, [&](int64_t start, int64_t n, int64_t step) {
        if (code == Reduce::sum)
          result += sumOf(from + start, n, step);
        else
          result = largerOf(result, largestOf(from + start, n, step));
      });
      *to++ = fromDouble<T>(result);
    });
  }
}

/** Threefry-2x32 with 20 rounds, as program/threefry.ts has it. */
inline void threefry(uint32_t k0, uint32_t k1, uint32_t c0, uint32_t c1, uint32_t* out) {
  const uint32_t keys[3] = {k0, k1, k0 ^ k1 ^ 0x1bd11bdaU};
  const int rotations[2][4] = {{13, 15, 26, 6}, {17, 29, 16, 24}};
  uint32_t x0 = c0 + k0;
  uint32_t x1 = c1 + k1;
  for (uint32_t group = 0; group < 5; group++) {
    for (int i = 0; i < 4; i++) {
      const int by = rotations[group & 1][i];
      x0 += x1;
      x1 = ((x1 << by) | (x1 >> (32 - by))) ^ x0;
    }
    x0 += keys[(group + 1) % 3];
    x1 += keys[(group + 2) % 3] + group + 1;
  }
  out[0] = x0;
  out[1] = x1;
}

template <class T>
inline void uniformRows(int64_t rows, int64_t size, int32_t site, const Tile& o, const Tile& key, const Tile& example,
                        const Tile& node) {
  for (int64_t r = 0; r < rows; r++) {
    const int32_t* k = row<int32_t>(key, r);
    uint32_t words[2];
    threefry(static_cast<uint32_t>(k[0]), static_cast<uint32_t>(k[1]), static_cast<uint32_t>(site),
             static_cast<uint32_t>(*row<int32_t>(example, r)), words);
    const uint32_t k0 = words[0];
    const uint32_t k1 = words[1];
    const uint32_t n = static_cast<uint32_t>(*row<int32_t>(node, r));
    T* to = row<T>(o, r);
    for (int64_t q = 0; q < size; q++) {
      threefry(k0, k1, n, static_cast<uint32_t>(q), words);
      if constexpr (sizeof(T) == 4)
        to[q] = static_cast<float>(words[0] >> 8) * 0x1p-24f;
      else
        to[q] = (static_cast<double>(words[0] >> 5) * 0x1p26 + static_cast<double>(words[1] >> 6)) * 0x1p-53;
    }
  }
}

}  // namespace LONGSPAN_ISA
}  // namespace longspan
