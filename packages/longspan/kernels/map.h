// Tile programs: each operation of a map runs over some rows at once, on values that stay in the first-level cache.
#pragma once
#include "elementary.h"
#include "program.h"
#include "scalar.h"

namespace longspan {
namespace LONGSPAN_ISA {

/** An operand during one tile: row r starts `stride` bytes after row r - 1. */
struct Tile {
  char* at;
  int64_t stride;
};

/** A rectangle of elements; rows that lie end to end are taken as one. */
struct Extent {
  int64_t rows;
  int64_t columns;
};

template <class T>
LONGSPAN_INLINE T* row(const Tile& p, int64_t r) {
  return reinterpret_cast<T*>(p.at + r * p.stride);
}

/** JavaScript's conversion to int32: modulo 2^32 towards zero; NaN and infinities give 0. */
inline int32_t toInt32(double x) {
  if (x > -2147483649.0 && x < 2147483648.0) return static_cast<int32_t>(x);
  // From 2^84 on every number is a multiple of 2^32; below, each step is exact.
  if (!(__builtin_fabs(x) < 0x1p84)) return 0;
  const double whole = __builtin_trunc(x);
  const double rest = whole - __builtin_floor(whole / 4294967296.0) * 4294967296.0;
  return static_cast<int32_t>(static_cast<uint32_t>(rest));
}

template <class T>
LONGSPAN_INLINE T fromDouble(double x) {
  return static_cast<T>(x);
}
template <>
LONGSPAN_INLINE int32_t fromDouble<int32_t>(double x) {
  return toInt32(x);
}

template <class T, class F>
LONGSPAN_INLINE void apply1(const Extent& e, const Tile& o, const Tile& a, F f) {
  for (int64_t r = 0; r < e.rows; r++) {
    T* to = row<T>(o, r);
    const T* x = row<T>(a, r);
    int64_t c = 0;
    for (; c + lanes<T> <= e.columns; c += lanes<T>) store(to + c, f(load(x + c)));
    if (c < e.columns) {
      const int n = static_cast<int>(e.columns - c);
      storePart(to + c, f(loadPart(x + c, n)), n);
    }
  }
}

template <class T, class F>
LONGSPAN_INLINE void apply2(const Extent& e, const Tile& o, const Tile& a, const Tile& b, F f) {
  for (int64_t r = 0; r < e.rows; r++) {
    T* to = row<T>(o, r);
    const T* x = row<T>(a, r);
    const T* y = row<T>(b, r);
    int64_t c = 0;
    for (; c + lanes<T> <= e.columns; c += lanes<T>) store(to + c, f(load(x + c), load(y + c)));
    if (c < e.columns) {
      const int n = static_cast<int>(e.columns - c);
      storePart(to + c, f(loadPart(x + c, n), loadPart(y + c, n)), n);
    }
  }
}

template <class T, class F>
LONGSPAN_INLINE void apply3(const Extent& e, const Tile& o, const Tile& a, const Tile& b,
                            const Tile& d, F f) {
  for (int64_t r = 0; r < e.rows; r++) {
    T* to = row<T>(o, r);
    const T* x = row<T>(a, r);
    const T* y = row<T>(b, r);
    const T* z = row<T>(d, r);
    int64_t c = 0;
    for (; c + lanes<T> <= e.columns; c += lanes<T>) store(to + c, f(load(x + c), load(y + c), load(z + c)));
    if (c < e.columns) {
      const int n = static_cast<int>(e.columns - c);
      storePart(to + c, f(loadPart(x + c, n), loadPart(y + c, n), loadPart(z + c, n)), n);
    }
  }
}

/** Between types; within one it is a copy. */
inline void cast(DType to, DType from, const Extent& e, const Tile& o, const Tile& a) {
  withType(to, [&](auto out) {
    withType(from, [&](auto in) {
      typedef LONGSPAN_TYPE(out) T;
      typedef LONGSPAN_TYPE(in) From;
      for (int64_t r = 0; r < e.rows; r++) {
        T* y = row<T>(o, r);
        const From* x = row<From>(a, r);
        for (int64_t c = 0; c < e.columns; c++) y[c] = fromDouble<T>(static_cast<double>(x[c]));
      }
    });
  });
}

/** Element by element in double precision: rare operations, and double precision itself. */
inline void scalarUnary(Unary code, DType dtype, const Extent& e, const Tile& o, const Tile& a) {
  const scalar::Function f = scalar::functionOf(code);
  withType(dtype, [&](auto type) {
    typedef LONGSPAN_TYPE(type) T;
    for (int64_t r = 0; r < e.rows; r++) {
      T* y = row<T>(o, r);
      const T* x = row<T>(a, r);
      for (int64_t c = 0; c < e.columns; c++) y[c] = fromDouble<T>(f(static_cast<double>(x[c])));
    }
  });
}

/** What a code has where elementary.h has no function of its name on vectors. */
struct Missing {};
struct AnyFloats {
  LONGSPAN_INLINE AnyFloats(Floats) {}
};

#define LONGSPAN_FALLBACK(name, function) \
  inline Missing name(AnyFloats) { return {}; }
LONGSPAN_UNARY(LONGSPAN_FALLBACK)
#undef LONGSPAN_FALLBACK

/** The result has the operand's type, except that of a cast. */
inline void unary(Unary code, DType to, DType from, const Extent& e, const Tile& o, const Tile& a) {
  if (code == Unary::cast) {
    if (to != DType::float32 || from != DType::float32) return cast(to, from, e, o, a);
    return apply1<float>(e, o, a, [](Floats x) { return x; });
  }
  if (to == DType::float32) {
    switch (code) {
#define LONGSPAN_CASE(code, function)                                    \
  case Unary::code:                                                      \
    if constexpr (sizeof(code(Floats{})) == sizeof(Floats))              \
      return apply1<float>(e, o, a, [](Floats x) { return code(x); });   \
    else                                                                 \
      break;
      LONGSPAN_UNARY(LONGSPAN_CASE)
#undef LONGSPAN_CASE
      default:
        break;
    }
  }
#if !defined(__wasm__)
  if (to == DType::float64) {
    if (code == Unary::exp) return apply1<double>(e, o, a, [](Doubles x) { return exp(x); });
    if (code == Unary::sigmoid) return apply1<double>(e, o, a, [](Doubles x) { return sigmoid(x); });
    if (code == Unary::tanh) return apply1<double>(e, o, a, [](Doubles x) { return tanh(x); });
  }
#endif
  scalarUnary(code, to, e, o, a);
}

/** Maximum and minimum as JavaScript has them: NaN if either is. */
template <class V>
LONGSPAN_INLINE V greater(V x, V y) {
  return x != x ? x : (y != y ? y : (x > y ? x : y));
}
template <class V>
LONGSPAN_INLINE V lesser(V x, V y) {
  return x != x ? x : (y != y ? y : (x < y ? x : y));
}

/** Element by element in double precision: what is no operation on vectors. */
template <class T>
inline void scalarBinary(Binary code, const Extent& e, const Tile& o, const Tile& a, const Tile& b) {
  double (*f)(double, double) = nullptr;
#define LONGSPAN_CASE(name, function) \
  if (code == Binary::name) f = function;
  LONGSPAN_BINARY(LONGSPAN_CASE)
#undef LONGSPAN_CASE
  if (f == nullptr) return;
  for (int64_t r = 0; r < e.rows; r++) {
    T* to = row<T>(o, r);
    const T* x = row<T>(a, r);
    const T* y = row<T>(b, r);
    for (int64_t c = 0; c < e.columns; c++)
      to[c] = static_cast<T>(f(static_cast<double>(x[c]), static_cast<double>(y[c])));
  }
}

template <class T>
inline void arithmetic(Binary code, const Extent& e, const Tile& o, const Tile& a, const Tile& b) {
  typedef Vec<T> V;
  switch (code) {
    case Binary::add:
      return apply2<T>(e, o, a, b, [](V x, V y) { return x + y; });
    case Binary::sub:
      return apply2<T>(e, o, a, b, [](V x, V y) { return x - y; });
    case Binary::mul:
      return apply2<T>(e, o, a, b, [](V x, V y) { return x * y; });
    case Binary::div:
      return apply2<T>(e, o, a, b, [](V x, V y) { return x / y; });
    case Binary::max:
      return apply2<T>(e, o, a, b, [](V x, V y) { return greater(x, y); });
    case Binary::min:
      return apply2<T>(e, o, a, b, [](V x, V y) { return lesser(x, y); });
    case Binary::timesSigmoidSlope:
      return apply2<T>(e, o, a, b, [](V x, V y) { return x * (y * (1 - y)); });
    case Binary::timesTanhSlope:
      return apply2<T>(e, o, a, b, [](V x, V y) { return x * (1 - y * y); });
    default:
      scalarBinary<T>(code, e, o, a, b);
  }
}

inline double binaryOf(Binary code, double x, double y) {
  switch (code) {
    case Binary::add:
      return x + y;
    case Binary::sub:
      return x - y;
    case Binary::mul:
      return x * y;
    case Binary::div:
      return x / y;
    case Binary::max:
      return x > y ? x : y;
    default:
      return x < y ? x : y;
  }
}

/** Comparisons of 4-byte elements. */
template <class T>
inline void comparison(Binary code, const Extent& e, const Tile& o, const Tile& a, const Tile& b) {
  for (int64_t r = 0; r < e.rows; r++) {
    int32_t* to = row<int32_t>(o, r);
    const T* x = row<T>(a, r);
    const T* y = row<T>(b, r);
    if (code == Binary::less)
      for (int64_t c = 0; c < e.columns; c++) to[c] = x[c] < y[c];
    else if (code == Binary::lessEqual)
      for (int64_t c = 0; c < e.columns; c++) to[c] = x[c] <= y[c];
    else
      for (int64_t c = 0; c < e.columns; c++) to[c] = x[c] == y[c];
  }
}

/** Comparisons give int32; the rest has one type throughout. */
inline void binary(Binary code, DType to, DType from, const Extent& e, const Tile& o, const Tile& a, const Tile& b) {
  if (compares(code)) return withType(from, [&](auto in) { comparison<LONGSPAN_TYPE(in)>(code, e, o, a, b); });
  if (to == DType::float32) return arithmetic<float>(code, e, o, a, b);
  if (to == DType::float64) return arithmetic<double>(code, e, o, a, b);
  for (int64_t r = 0; r < e.rows; r++) {
    int32_t* y = row<int32_t>(o, r);
    const int32_t* x0 = row<int32_t>(a, r);
    const int32_t* x1 = row<int32_t>(b, r);
    for (int64_t c = 0; c < e.columns; c++)
      y[c] = toInt32(binaryOf(code, static_cast<double>(x0[c]), static_cast<double>(x1[c])));
  }
}

/** The result and both operands have one type. */
inline void select(DType to, DType condition, const Extent& e, const Tile& o, const Tile& c, const Tile& a, const Tile& b) {
  if (to == DType::float32 && condition == DType::int32)
    return apply3<float>(e, o, c, a, b, [](Floats q, Floats x, Floats y) { return asInts(q) != 0 ? x : y; });
  withType(to, [&](auto out) {
    withType(condition, [&](auto test) {
      typedef LONGSPAN_TYPE(out) T;
      typedef LONGSPAN_TYPE(test) Test;
      for (int64_t r = 0; r < e.rows; r++) {
        T* y = row<T>(o, r);
        const Test* q = row<Test>(c, r);
        const T* x0 = row<T>(a, r);
        const T* x1 = row<T>(b, r);
        for (int64_t i = 0; i < e.columns; i++) y[i] = q[i] != 0 ? x0[i] : x1[i];
      }
    });
  });
}

/** float32 only. */
inline void ofSum(Unary code, const Extent& e, const Tile& o, const Tile& a, const Tile& b, const Tile& c) {
  if (code == Unary::tanh)
    return apply3<float>(e, o, a, b, c, [](Floats x, Floats y, Floats z) { return tanh((x + y) + z); });
  apply3<float>(e, o, a, b, c, [](Floats x, Floats y, Floats z) { return sigmoid((x + y) + z); });
}

/** float32 only. */
inline void ofSumOfTwo(Unary code, const Extent& e, const Tile& o, const Tile& a, const Tile& b) {
  if (code == Unary::tanh) return apply2<float>(e, o, a, b, [](Floats x, Floats y) { return tanh(x + y); });
  apply2<float>(e, o, a, b, [](Floats x, Floats y) { return sigmoid(x + y); });
}

inline void mulAdd(DType to, const Extent& e, const Tile& o, const Tile& a, const Tile& b, const Tile& c) {
  if (to == DType::float32)
    return apply3<float>(e, o, a, b, c, [](Floats x, Floats y, Floats z) { return multiplyAdd(x, y, z); });
  apply3<double>(e, o, a, b, c, [](Doubles x, Doubles y, Doubles z) { return multiplyAdd(x, y, z); });
}

/** Calls f with a zero of the float type. */
template <class F>
LONGSPAN_INLINE void withFloats(DType dtype, F f) {
  if (dtype == DType::float32)
    f(0.0f);
  else
    f(0.0);
}

/** out = a times one number of each row. */
inline void scale(DType to, int64_t rows, int64_t size, const Tile& o, const Tile& a, const Tile& b) {
  withFloats(to, [&](auto zero) {
    typedef decltype(zero) T;
    for (int64_t r = 0; r < rows; r++) {
      const Vec<T> factor = splat(*row<T>(b, r));
      const Tile to = {o.at + r * o.stride, 0};
      const Tile from = {a.at + r * a.stride, 0};
      apply1<T>({1, size}, to, from, [&](Vec<T> x) { return x * factor; });
    }
  });
}

/** out += a times one number of each row, row after row. */
inline void addScaled(DType to, int64_t rows, int64_t size, const Tile& o, const Tile& a, const Tile& b) {
  withFloats(to, [&](auto zero) {
    typedef decltype(zero) T;
    for (int64_t r = 0; r < rows; r++) {
      const Vec<T> factor = splat(*row<T>(b, r));
      const Tile to = {o.at + r * o.stride, 0};
      const Tile from = {a.at + r * a.stride, 0};
      apply2<T>({1, size}, to, to, from, [&](Vec<T> y, Vec<T> x) { return multiplyAdd(x, factor, y); });
    }
  });
}

}  // namespace LONGSPAN_ISA
}  // namespace longspan
