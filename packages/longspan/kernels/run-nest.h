// Runs the nests of a map: operations on the matrices of one row, a few lines at a time, so that what they form stays in cache.
#pragma once
#include "movement.h"

namespace longspan {
namespace LONGSPAN_ISA {

/** Sums along short lines are formed in 64 bytes of places: element i in place i mod `linePlaces`, whatever a vector's width. */
template <class T>
constexpr int linePlaces = 64 / static_cast<int>(sizeof(T));

/** The sum of the places: the second half of them is added to the first until one is left. */
template <class T>
LONGSPAN_INLINE T joinPlaces(const Vec<T>* sums) {
#if defined(__AVX512F__)
  // In registers. The masks name all places: without them GCC 12 sees something that is not initialised.
  if constexpr (sizeof(T) == 4) {
    const __m512 all = reinterpret_cast<__m512>(sums[0]);
    const __m256 half = _mm512_maskz_extractf32x8_ps(0xff, all, 0) + _mm512_maskz_extractf32x8_ps(0xff, all, 1);
    const __m128 quarter = _mm256_castps256_ps128(half) + _mm256_extractf128_ps(half, 1);
    const __m128 two = quarter + _mm_movehl_ps(quarter, quarter);
    return two[0] + two[1];
  } else {
    const __m512d all = reinterpret_cast<__m512d>(sums[0]);
    const __m256d half = _mm512_maskz_extractf64x4_pd(0xf, all, 0) + _mm512_maskz_extractf64x4_pd(0xf, all, 1);
    const __m128d quarter = _mm256_castpd256_pd128(half) + _mm256_extractf128_pd(half, 1);
    return quarter[0] + quarter[1];
  }
#else
  typedef T Half __attribute__((vector_size(32)));
  typedef T Quarter __attribute__((vector_size(16)));
  alignas(64) T places[linePlaces<T>];
  for (int v = 0; v < linePlaces<T> / lanes<T>; v++) store(places + v * lanes<T>, sums[v]);
  const Half half = *reinterpret_cast<const Half*>(places) + *reinterpret_cast<const Half*>(places + linePlaces<T> / 2);
  alignas(32) T rest[linePlaces<T> / 2];
  *reinterpret_cast<Half*>(rest) = half;
  const Quarter quarter = *reinterpret_cast<const Quarter*>(rest) + *reinterpret_cast<const Quarter*>(rest + linePlaces<T> / 4);
  if constexpr (sizeof(T) == 4)
    return (quarter[0] + quarter[2]) + (quarter[1] + quarter[3]);
  else
    return quarter[0] + quarter[1];
#endif
}

/** Whole vectors of a line, and the elements behind them. */
struct LineParts {
  int64_t whole;
  int rest;
};
template <class T>
LONGSPAN_INLINE LineParts partsOf(int64_t columns) {
  const int64_t whole = columns / lanes<T> * lanes<T>;
  return {whole, static_cast<int>(columns - whole)};
}

/** The sum along a line: `term(sum, i, n)` adds what there is of the n elements from i on, n = 0 standing for a whole vector. */
template <class T, class F>
LONGSPAN_INLINE T sumPlaces(const LineParts& parts, F term) {
  constexpr int vectors = linePlaces<T> / lanes<T>;
  Vec<T> sums[vectors] = {};
  int64_t i = 0;
  for (; i + linePlaces<T> <= parts.whole; i += linePlaces<T>)
#pragma GCC unroll 4
    for (int v = 0; v < vectors; v++) sums[v] = term(sums[v], i + v * lanes<T>, 0);
  int v = 0;
  for (; i < parts.whole; i += lanes<T>, v++) sums[v] = term(sums[v], i, 0);
  if (parts.rest > 0) sums[v] = term(sums[v], i, parts.rest);
  return joinPlaces<T>(sums);
}

template <class T>
LONGSPAN_INLINE Vec<T> loadSome(const T* p, int n) {
  return n == 0 ? load(p) : loadPart(p, n);
}

/** Where the lines of a nest lie in an operand, line after line. */
class LineWalk {
 public:
  LineWalk(const int32_t* dims, int outer, int64_t base, int64_t first) : dims_(dims), outer_(outer), at_(base) {
    for (int d = outer - 1; d >= 0; d--) {
      index_[d] = static_cast<int32_t>(first % dims[2 * d]);
      first /= dims[2 * d];
      at_ += static_cast<int64_t>(index_[d]) * dims[2 * d + 1];
    }
  }

  LONGSPAN_INLINE int64_t at() const { return at_; }

  LONGSPAN_INLINE void next() {
    for (int d = outer_ - 1; d >= 0; d--) {
      at_ += dims_[2 * d + 1];
      if (++index_[d] < dims_[2 * d]) return;
      at_ -= static_cast<int64_t>(dims_[2 * d]) * dims_[2 * d + 1];
      index_[d] = 0;
    }
  }

 private:
  const int32_t* dims_;
  int outer_;
  int64_t at_;
  int32_t index_[maxRank];
};

class NestRunner {
 public:
  /** @param blocks the slots that do not grow with the rows; each has room for a vector more than it holds */
  NestRunner(const Map& map, const Nest& nest, const Tile* tiles, char* const* blocks)
      : map_(map), nest_(nest), tiles_(tiles), blocks_(blocks) {}

  void run(int64_t row) {
    row_ = row;
    for (first_ = 0; first_ < nest_.lines; first_ += nest_.linesAtOnce) {
      const int64_t left = nest_.lines - first_;
      count_ = left < nest_.linesAtOnce ? left : nest_.linesAtOnce;
      for (int32_t q = nest_.first; q < nest_.first + nest_.count; q++) execute(map_.ops[q]);
    }
  }

 private:
  /** The row of an operand that is no matrix. */
  char* whole(int32_t operand) const {
    const Operand& o = map_.operands[operand];
    if (o.storage == Storage::constant) return blocks_[o.slot];
    return tiles_[operand].at + row_ * tiles_[operand].stride;
  }

  /** The lines of a matrix. */
  Tile some(int32_t operand) const {
    const Operand& o = map_.operands[operand];
    if (o.storage == Storage::block || o.storage == Storage::constant) return {blocks_[o.slot], 0};
    return {whole(operand) + first_ * nest_.columns * sizeOf(o.dtype), 0};
  }

  void execute(const MapOp& op) const {
    const Operand& out = map_.operands[op.out];
    const DType from = map_.operands[op.a].dtype;
    const Extent e = {1, count_ * nest_.columns};
    switch (op.kind) {
      case OpKind::unary:
        return unary(static_cast<Unary>(op.code), out.dtype, from, e, some(op.out), some(op.a));
      case OpKind::binary:
        return binary(static_cast<Binary>(op.code), out.dtype, from, e, some(op.out), some(op.a), some(op.b));
      case OpKind::select:
        return select(out.dtype, from, e, some(op.out), some(op.a), some(op.b), some(op.c));
      case OpKind::mulAdd:
        return mulAdd(out.dtype, e, some(op.out), some(op.a), some(op.b), some(op.c));
      case OpKind::ofSum:
        return ofSum(static_cast<Unary>(op.code), e, some(op.out), some(op.a), some(op.b), some(op.c));
      case OpKind::ofSumOfTwo:
        return ofSumOfTwo(static_cast<Unary>(op.code), e, some(op.out), some(op.a), some(op.b));
      case OpKind::scale:
        return scale(out.dtype, 1, e.columns, some(op.out), some(op.a), {whole(op.b), 0});
      case OpKind::spreadLines:
        // Elements are moved as they are, whatever they mean.
        return sizeOf(out.dtype) == sizeof(double) ? spread<double>(op) : spread<float>(op);
      case OpKind::sumLines:
        return withFloats(out.dtype, [&](auto zero) { sums<decltype(zero)>(op); });
      case OpKind::dotLines:
        return withFloats(out.dtype, [&](auto zero) { dots<decltype(zero)>(op); });
      case OpKind::addLines:
        return withFloats(out.dtype, [&](auto zero) { add<decltype(zero)>(op); });
      case OpKind::scaleLines:
        return withFloats(out.dtype, [&](auto zero) {
          typedef decltype(zero) T;
          lines<T>(op, [](Vec<T> x, Vec<T> factor, Vec<T>) { return x * factor; });
        });
      case OpKind::mulAddLines:
        return withFloats(out.dtype, [&](auto zero) {
          typedef decltype(zero) T;
          lines<T>(op, [](Vec<T> x, Vec<T> factor, Vec<T> y) { return multiplyAdd(x, factor, y); });
        });
      case OpKind::addScaledLines:
        return withFloats(out.dtype, [&](auto zero) { addScaled<decltype(zero)>(op); });
      case OpKind::dotAll:
        return withFloats(out.dtype, [&](auto zero) {
          typedef decltype(zero) T;
          T* to = reinterpret_cast<T*>(whole(op.out));
          const T sum = static_cast<T>(dotLine(matrix<T>(op.a), matrix<T>(op.b), e.columns));
          *to = first_ == 0 ? sum : *to + sum;
        });
      default:
        return;
    }
  }

  template <class T>
  T* matrix(int32_t operand) const {
    return reinterpret_cast<T*>(some(operand).at);
  }

  /** The first of the lines of an operand, and the distance to the next: none where one line stands for all. */
  template <class T>
  LONGSPAN_INLINE T* lineOf(int32_t operand, int64_t* step) const {
    const Operand& o = map_.operands[operand];
    const bool isLine = o.size == nest_.columns && (o.storage == Storage::scratch || o.storage == Storage::view);
    *step = isLine ? 0 : nest_.columns;
    return isLine ? reinterpret_cast<T*>(whole(operand)) : matrix<T>(operand);
  }

  const int32_t* dimsOf(const MapOp& op) const { return map_.dims.begin() + op.dims; }

  static bool isSameForAll(const int32_t* dims, int outer) {
    for (int d = 0; d < outer; d++)
      if (dims[2 * d + 1] != 0) return false;
    return true;
  }

  template <class T>
  void spread(const MapOp& op) const {
    const int32_t* dims = dimsOf(op);
    const int outer = op.dimCount - 1;
    // What is the same for all lines stays where it is.
    if (first_ > 0 && map_.operands[op.out].storage == Storage::block && isSameForAll(dims, outer)) return;
    const T* from = reinterpret_cast<const T*>(whole(op.a));
    T* to = matrix<T>(op.out);
    const int64_t columns = nest_.columns;
    const bool isSpilling = map_.operands[op.out].storage == Storage::block;
    if (isSpilling && dims[2 * outer + 1] == 1 && isSameForAll(dims, outer)) return repeat(to, from + op.extra);
    LineWalk line(dims, outer, op.extra, first_);
    for (int64_t l = 0; l < count_; l++, line.next(), to += columns) {
      if (dims[2 * outer + 1] == 1) {
        __builtin_memcpy(to, from + line.at(), static_cast<size_t>(columns) * sizeof(T));
        continue;
      }
      const Vec<T> x = splat(from[line.at()]);
      int64_t c = 0;
      // Whole vectors may reach into the next line, which is written after this one.
      for (; c + lanes<T> <= columns || (isSpilling && c < columns); c += lanes<T>) store(to + c, x);
      if (c < columns) storePart(to + c, x, static_cast<int>(columns - c));
    }
  }

  /** One line for all. Whole vectors may reach into the next line, which is written after this one. */
  template <class T>
  void repeat(T* to, const T* from) const {
    const int64_t columns = nest_.columns;
    const LineParts parts = partsOf<T>(columns);
    for (int64_t l = 0; l < count_; l++, to += columns) {
      for (int64_t c = 0; c < parts.whole; c += lanes<T>) store(to + c, load(from + c));
      if (parts.rest > 0) store(to + parts.whole, loadPart(from + parts.whole, parts.rest));
    }
  }

  /** Line by line: f of the elements of a, the number of the line in b, and the elements of c, if there is one. */
  template <class T, class F>
  LONGSPAN_INLINE void lines(const MapOp& op, F f) const {
    int64_t stepX;
    int64_t stepY;
    T* to = matrix<T>(op.out);
    const T* x = lineOf<T>(op.a, &stepX);
    const T* y = lineOf<T>(op.c < 0 ? op.a : op.c, &stepY);
    const T* factors = reinterpret_cast<const T*>(whole(op.b)) + first_;
    const int64_t columns = nest_.columns;
    const LineParts parts = partsOf<T>(columns);
    for (int64_t l = 0; l < count_; l++, to += columns, x += stepX, y += stepY) {
      const Vec<T> factor = splat(factors[l]);
      for (int64_t c = 0; c < parts.whole; c += lanes<T>) store(to + c, f(load(x + c), factor, load(y + c)));
      if (parts.rest == 0) continue;
      const int64_t c = parts.whole;
      storePart(to + c, f(loadPart(x + c, parts.rest), factor, loadPart(y + c, parts.rest)), parts.rest);
    }
  }

  template <class T>
  void sums(const MapOp& op) const {
    const T* x = matrix<T>(op.a);
    T* to = reinterpret_cast<T*>(whole(op.out)) + first_;
    const LineParts parts = partsOf<T>(nest_.columns);
    for (int64_t l = 0; l < count_; l++, x += nest_.columns)
      to[l] = sumPlaces<T>(parts, [&](Vec<T> sum, int64_t i, int n) { return sum + loadSome(x + i, n); });
  }

  template <class T>
  void dots(const MapOp& op) const {
    int64_t stepX;
    int64_t stepY;
    const T* x = lineOf<T>(op.a, &stepX);
    const T* y = lineOf<T>(op.b, &stepY);
    T* to = reinterpret_cast<T*>(whole(op.out)) + first_;
    const LineParts parts = partsOf<T>(nest_.columns);
    for (int64_t l = 0; l < count_; l++, x += stepX, y += stepY)
      to[l] = sumPlaces<T>(parts, [&](Vec<T> sum, int64_t i, int n) {
        return multiplyAdd(loadSome(x + i, n), loadSome(y + i, n), sum);
      });
  }

  /** Lines added up in order, each to where its dimensions say. */
  template <class T>
  void add(const MapOp& op) const {
    const int32_t* dims = dimsOf(op);
    const int outer = op.dimCount - 1;
    const T* x = matrix<T>(op.a);
    T* to = reinterpret_cast<T*>(whole(op.out));
    const int64_t columns = nest_.columns;
    if (first_ == 0) __builtin_memset(to, 0, static_cast<size_t>(map_.operands[op.out].size) * sizeof(T));
    if (isSameForAll(dims, outer)) return addAll(to, x, [](Vec<T> sum, Vec<T> y, int64_t) { return sum + y; });
    LineWalk line(dims, outer, 0, first_);
    for (int64_t l = 0; l < count_; l++, line.next(), x += columns) addRow(to + line.at(), x, columns);
  }

  template <class T>
  void addScaled(const MapOp& op) const {
    T* to = reinterpret_cast<T*>(whole(op.out));
    if (first_ == 0) __builtin_memset(to, 0, static_cast<size_t>(nest_.columns) * sizeof(T));
    const T* factors = reinterpret_cast<const T*>(whole(op.b)) + first_;
    addAll(to, matrix<T>(op.a), [&](Vec<T> sum, Vec<T> y, int64_t l) { return multiplyAdd(y, splat(factors[l]), sum); });
  }

  /** to = f(to, a line of x, its number) for all lines in order. */
  template <class T, class F>
  LONGSPAN_INLINE void addAll(T* to, const T* x, F f) const {
    const int64_t columns = nest_.columns;
    // One sum would wait for each line: lines take turns among a few. The same for all columns, so that vectors of any width give the same bits.
    constexpr int turns = 4;
    for (int64_t c = 0; c < columns; c += lanes<T>) {
      const int n = columns - c < lanes<T> ? static_cast<int>(columns - c) : 0;
      Vec<T> sums[turns] = {loadSome(to + c, n)};
      int64_t l = 0;
      for (; l + turns <= count_; l += turns)
#pragma GCC unroll 4
        for (int v = 0; v < turns; v++) sums[v] = f(sums[v], loadSome(x + (l + v) * columns + c, n), l + v);
      for (; l < count_; l++) sums[0] = f(sums[0], loadSome(x + l * columns + c, n), l);
      const Vec<T> sum = (sums[0] + sums[1]) + (sums[2] + sums[3]);
      if (n == 0)
        store(to + c, sum);
      else
        storePart(to + c, sum, n);
    }
  }

  const Map& map_;
  const Nest& nest_;
  const Tile* tiles_;
  char* const* blocks_;
  int64_t row_ = 0;
  int64_t first_ = 0;
  int64_t count_ = 0;
};

}  // namespace LONGSPAN_ISA
}  // namespace longspan
