// The instructions that are products: finds rows, packs operands, and calls the dense kernels.
#pragma once
#include "gemm.h"
#include "rows.h"

namespace longspan {
namespace LONGSPAN_ISA {

/** Rows that lie evenly in memory. */
template <class T>
struct Lines {
  T* at;
  int64_t stride;
};

/** B with at most so many columns is taken by inner products: a panel would be mostly empty. */
constexpr int64_t narrowColumns = 3;
/** An outer sum with at most so many rows of result needs no packing. */
constexpr int64_t thinRows = 3;

class Products {
 public:
  Products(const Bound& bound, const RunArguments& arguments, Workspace& workspace)
      : bound_(bound), arguments_(arguments), workspace_(workspace) {}

  /** The packed right operand of the last outer sum is out of date if it was made from this buffer, or from any. */
  void forget(int32_t buffer = -1) {
    if (buffer < 0 || buffer == packedFrom_.buffer) packedRows_ = 0;
  }

  Status gemm(const Instruction& i, const Span& span) {
    return bound_.typeOf(i.out) == DType::float64 ? gemmTyped<double>(i, span) : gemmTyped<float>(i, span);
  }

  Status batched(const Instruction& i, const Span& span) {
    return bound_.typeOf(i.out) == DType::float64 ? batchedTyped<double>(i, span) : batchedTyped<float>(i, span);
  }

  /** The rows of several segments as one sum. */
  Status outerSum(const Instruction& i, const Span& span, const Segment* segments, int64_t count, bool add) {
    const bool isDouble = bound_.typeOf(i.out) == DType::float64;
    return isDouble ? outerTyped<double>(i, span, segments, count, add) : outerTyped<float>(i, span, segments, count, add);
  }

  /** Packs the right operand of a product, so that several threads find it ready. */
  Status prepare(const Instruction& i) {
    const bool isDouble = bound_.typeOf(i.out) == DType::float64;
    if (i.n == 0) return Status::ok;
    return (isDouble ? packed<double>(i) != nullptr : packed<float>(i) != nullptr) ? Status::ok : Status::noMemory;
  }

 private:
  /** The rows of a view as even lines; scattered ones are copied. Null if there is no memory for that. */
  template <class T>
  Lines<const T> lines(const View& v, const Span& span, int64_t columns, int copy) {
    const StridedRows strided = bound_.stridedRows(v, span);
    if (strided.step >= 0) return {bound_.at<const T>(v, strided.first), strided.step * bound_.columns(v)};
    const int64_t rows = span.end - span.begin;
    T* to = reinterpret_cast<T*>(workspace_.gathered[copy].reserve(rows * columns * static_cast<int64_t>(sizeof(T))));
    if (to == nullptr) return {nullptr, 0};
    for (int64_t r = 0; r < rows; r++)
      __builtin_memcpy(to + r * columns, bound_.at<const T>(v, bound_.rowOf(v, span.begin + r)),
                       static_cast<size_t>(columns) * sizeof(T));
    return {to, columns};
  }

  /** The packed right operand of a product: of an input as long as its memory keeps its version, else for one run. */
  template <class T>
  const T* packed(const Instruction& i) {
    Pack& pack = *bound_.scheduled.program->packs[i.pack];
    const T* b = bound_.at<const T>(i.b, 0);
    const Memory* memory = arguments_.bindings[i.b.buffer].memory;
    const bool input = bound_.scheduled.program->buffers[i.b.buffer].role == Role::input;
    const uint64_t run = input ? 0 : arguments_.workspaces->runs;
    const uint64_t version = input ? memory->version : 0;
    if (pack.valid && pack.from == b && pack.version == version && pack.run == run)
      return reinterpret_cast<const T*>(pack.block.data());
    const bool narrow = i.n <= narrowColumns;
    const int64_t elements = narrow ? static_cast<int64_t>(i.n) * i.k : packedSize<T>(i.k, i.n);
    pack.valid = false;
    T* to = reinterpret_cast<T*>(pack.block.reserve(elements * static_cast<int64_t>(sizeof(T))));
    if (to == nullptr) return nullptr;
    if (!narrow) {
      packRight<T>(to, b, i.transposeB ? 1 : i.n, i.transposeB ? i.k : 1, i.k, i.n, i.k);
    } else {
      for (int64_t j = 0; j < i.n; j++)
        for (int64_t p = 0; p < i.k; p++) to[j * i.k + p] = i.transposeB ? b[j * i.k + p] : b[p * i.n + j];
    }
    pack.from = b;
    pack.version = version;
    pack.run = run;
    pack.valid = true;
    return to;
  }

  template <class T>
  Status gemmTyped(const Instruction& i, const Span& span) {
    const int64_t rows = span.end - span.begin;
    if (rows <= 0 || i.n == 0) return Status::ok;
    const T* b = packed<T>(i);
    const Lines<const T> a = lines<T>(i.a, span, i.k, 0);
    if (b == nullptr || a.at == nullptr) return Status::noMemory;
    const StridedRows out = bound_.stridedRows(i.out, span);
    if (out.step >= 0) {
      product(rows, i, a.at, a.stride, b, bound_.at<T>(i.out, out.first), out.step * bound_.columns(i.out));
      return Status::ok;
    }
    for (int64_t r = 0; r < rows; r++)
      product(1, i, a.at + r * a.stride, a.stride, b, bound_.at<T>(i.out, bound_.rowOf(i.out, span.begin + r)), 0);
    return Status::ok;
  }

  template <class T>
  void product(int64_t rows, const Instruction& i, const T* a, int64_t lda, const T* b, T* c, int64_t ldc) {
    if (i.n <= narrowColumns)
      gemmNarrow<T>(rows, i.n, i.k, a, lda, b, c, ldc, i.accumulate != 0);
    else
      gemmPacked<T>(rows, i.n, i.k, a, lda, b, c, ldc, i.accumulate != 0);
  }

  template <class T>
  Status outerTyped(const Instruction& i, const Span& span, const Segment* segments, int64_t count, bool add) {
    T* c = bound_.at<T>(i.out, 0);
    if (i.m == 0 || i.n == 0) return Status::ok;
    bool empty = !add;
    int64_t at = 0;
    int64_t row = count > 0 ? segments[0].begin : 0;
    while (at < count) {
      // The next rows, as many as are packed at a time, from one segment or from several.
      Segment taken[outerRows];
      int64_t pieces = 0;
      int64_t rows = 0;
      while (at < count && rows < outerRows) {
        const int64_t left = segments[at].end - row;
        const int64_t more = left < outerRows - rows ? left : outerRows - rows;
        if (more > 0) taken[pieces++] = {row, row + more};
        rows += more;
        row += more;
        if (row < segments[at].end) break;
        if (++at < count) row = segments[at].begin;
      }
      if (rows == 0) break;
      const Status status = outerBlock<T>(i, span, taken, pieces, rows, c, !empty);
      if (status != Status::ok) return status;
      empty = false;
    }
    if (empty) __builtin_memset(c, 0, static_cast<size_t>(i.m) * static_cast<size_t>(i.n) * sizeof(T));
    return Status::ok;
  }

  template <class T>
  Status outerBlock(const Instruction& i, const Span& span, const Segment* pieces, int64_t count, int64_t rows, T* c,
                    bool add) {
    const bool thin = i.m <= thinRows;
    const int64_t size = static_cast<int64_t>(sizeof(T));
    T* left = reinterpret_cast<T*>(workspace_.left.reserve(thin ? 1 : rows * i.m * size));
    T* right = reinterpret_cast<T*>(workspace_.right.reserve(thin ? 1 : packedSize<T>(rows, i.n) * size));
    if (left == nullptr || right == nullptr) return Status::noMemory;
    const View& b = i.b;
    const bool known = packedRows_ == rows && packedStart_ == pieces[0].begin && packedColumns_ == i.n &&
                       packedFrom_.buffer == b.buffer && packedFrom_.offset == b.offset && packedFrom_.rows == b.rows;
    int64_t done = 0;
    for (int64_t q = 0; q < count; q++) {
      const int64_t taken = pieces[q].end - pieces[q].begin;
      const Span part = {pieces[q].begin, pieces[q].end, span.level, span.levelled};
      const Lines<const T> x = lines<T>(i.a, part, i.m, 0);
      if (x.at == nullptr) return Status::noMemory;
      if (thin || !known) {
        const Lines<const T> y = lines<T>(b, part, i.n, 1);
        if (y.at == nullptr) return Status::noMemory;
        if (thin)
          outerThin<T>(taken, i.m, i.n, x.at, x.stride, y.at, y.stride, c, add || q > 0);
        else
          packRight<T>(right + done * panelColumns<T>, y.at, y.stride, 1, taken, i.n, rows);
      }
      if (!thin) packLeft<T>(left, x.at, x.stride, taken, i.m, done, rows);
      done += taken;
    }
    if (thin) return Status::ok;
    packedFrom_ = b;
    packedRows_ = rows;
    packedStart_ = pieces[0].begin;
    packedColumns_ = i.n;
    outerPacked<T>(rows, i.m, i.n, left, right, c, add);
    return Status::ok;
  }

  template <class T>
  LONGSPAN_SMALL Status batchedTyped(const Instruction& i, const Span& span) {
    const int64_t m = i.m;
    const int64_t k = i.k;
    const int64_t n = i.n;
    if (m == 0 || n == 0) return Status::ok;
    // With a vector on one side every element of the matrix is used once: it is read where it lies.
    if (m == 1 || n == 1) return batchedVectors<T>(i, span);
    forget();
    T* right = reinterpret_cast<T*>(workspace_.right.reserve(packedSize<T>(k, n) * static_cast<int64_t>(sizeof(T))));
    T* left = reinterpret_cast<T*>(workspace_.left.reserve(m * k * static_cast<int64_t>(sizeof(T))));
    if (left == nullptr || right == nullptr) return Status::noMemory;
    // One right operand for all rows, such as a parameter, is packed once.
    const bool isShared = i.b.rows == rowsFixed && i.count == 1;
    bool packed = false;
    for (int64_t r = span.begin; r < span.end; r++) {
      T* c = bound_.at<T>(i.out, bound_.rowOf(i.out, r));
      const T* a = bound_.at<const T>(i.a, bound_.rowOf(i.a, r));
      const T* b = bound_.at<const T>(i.b, bound_.rowOf(i.b, r));
      for (int64_t q = 0; q < i.count; q++, c += m * n, a += m * k, b += k * n) {
        if (!packed) packRight<T>(right, b, i.transposeB ? 1 : n, i.transposeB ? k : 1, k, n, k);
        packed = isShared;
        const T* lines = a;
        if (i.transposeA) {
          for (int64_t p = 0; p < k; p++)
            for (int64_t s = 0; s < m; s++) left[s * k + p] = a[p * m + s];
          lines = left;
        }
        gemmPacked<T>(m, n, k, lines, k, right, c, n, i.accumulate != 0);
      }
    }
    return Status::ok;
  }

  /** Products of a row with a matrix or of a matrix with a column: inner products with its lines, or a sum of its lines. */
  template <class T>
  Status batchedVectors(const Instruction& i, const Span& span) {
    const int64_t m = i.m;
    const int64_t k = i.k;
    const int64_t n = i.n;
    const bool add = i.accumulate != 0;
    const bool isRow = m == 1;
    const int64_t size = isRow ? n : m;
    const bool byLines = size == 1 || (isRow ? i.transposeB != 0 : i.transposeA == 0);
    for (int64_t r = span.begin; r < span.end; r++) {
      T* c = bound_.at<T>(i.out, bound_.rowOf(i.out, r));
      const T* a = bound_.at<const T>(i.a, bound_.rowOf(i.a, r));
      const T* b = bound_.at<const T>(i.b, bound_.rowOf(i.b, r));
      for (int64_t q = 0; q < i.count; q++, c += m * n, a += m * k, b += k * n) {
        const T* vector = isRow ? a : b;
        const T* matrix = isRow ? b : a;
        if (byLines)
          gemmNarrow<T>(size, 1, k, matrix, k, vector, c, 1, add);
        else
          outerThin<T>(k, 1, size, vector, 1, matrix, size, c, add);
      }
    }
    return Status::ok;
  }

  const Bound& bound_;
  const RunArguments& arguments_;
  Workspace& workspace_;
  /** What `workspace_.right` holds: outer sums of one block of rows often share it. No rows: nothing. */
  View packedFrom_ = {-1, 0, 0};
  int64_t packedRows_ = 0;
  int64_t packedStart_ = 0;
  int64_t packedColumns_ = 0;
};

}  // namespace LONGSPAN_ISA
}  // namespace longspan
