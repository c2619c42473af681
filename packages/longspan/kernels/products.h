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
  Products(const Bound& bound, const RunArguments& arguments)
      : bound_(bound), arguments_(arguments), workspace_(*arguments.workspace) {}

  /** The right operand of the last outer sum was written, or its rows are done with. */
  void forget() { packedFrom_ = nullptr; }

  Status run(const Instruction& i, const Span& span) {
    const DType dtype = bound_.plan.program->buffers[i.out.buffer].dtype;
    return dtype == DType::float64 ? runTyped<double>(i, span) : runTyped<float>(i, span);
  }

 private:
  template <class T>
  Status runTyped(const Instruction& i, const Span& span) {
    if (i.kind == Kind::gemm) return gemm<T>(i, span);
    if (i.kind == Kind::outerSum) return outerSum<T>(i, span);
    return batched<T>(i, span);
  }

  /** The rows of a view as even lines; scattered ones are copied. Null if there is no memory for that. */
  template <class T>
  Lines<const T> lines(const View& v, const Span& span, int64_t columns, int copy) {
    const Run run = bound_.run(v, span);
    if (run.step >= 0) return {bound_.at<const T>(v, run.first), run.step * bound_.columns(v)};
    const int64_t rows = span.end - span.begin;
    T* to = reinterpret_cast<T*>(workspace_.gathered[copy].reserve(rows * columns * static_cast<int64_t>(sizeof(T))));
    if (to == nullptr) return {nullptr, 0};
    for (int64_t r = 0; r < rows; r++)
      __builtin_memcpy(to + r * columns, bound_.at<const T>(v, bound_.rowOf(v, span.begin + r)),
                       static_cast<size_t>(columns) * sizeof(T));
    return {to, columns};
  }

  /** The packed right operand of a product: kept as long as its memory keeps its version. */
  template <class T>
  const T* packed(const Instruction& i, const Span& span) {
    Pack& pack = *bound_.plan.program->packs[i.pack];
    const T* b = bound_.at<const T>(i.b, 0);
    const Memory* memory = arguments_.bindings[i.b.buffer].memory;
    const bool input = bound_.plan.program->buffers[i.b.buffer].role == Role::input && memory != nullptr;
    // What the program itself writes is packed anew, at the first level or the first block of rows.
    const bool fresh = input ? pack.valid && pack.from == b && pack.version == memory->version
                             : (span.level > 0 || (span.level < 0 && span.begin > 0)) && pack.valid && pack.from == b;
    if (fresh) return reinterpret_cast<const T*>(pack.block.data());
    const bool narrow = i.n <= narrowColumns;
    const int64_t elements = narrow ? static_cast<int64_t>(i.n) * i.k : packedSize<T>(i.k, i.n);
    pack.valid = false;
    T* to = reinterpret_cast<T*>(pack.block.reserve(elements * static_cast<int64_t>(sizeof(T))));
    if (to == nullptr) return nullptr;
    if (!narrow) {
      packRight<T>(to, b, i.transposeB ? 1 : i.n, i.transposeB ? i.k : 1, i.k, i.n);
    } else {
      for (int64_t j = 0; j < i.n; j++)
        for (int64_t p = 0; p < i.k; p++) to[j * i.k + p] = i.transposeB ? b[j * i.k + p] : b[p * i.n + j];
    }
    pack.from = b;
    pack.version = input ? memory->version : 0;
    pack.valid = true;
    return to;
  }

  template <class T>
  Status gemm(const Instruction& i, const Span& span) {
    const int64_t rows = span.end - span.begin;
    if (rows <= 0 || i.n == 0) return Status::ok;
    const T* b = packed<T>(i, span);
    const Lines<const T> a = lines<T>(i.a, span, i.k, 0);
    if (b == nullptr || a.at == nullptr) return Status::noMemory;
    const Run out = bound_.run(i.out, span);
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
  Status outerSum(const Instruction& i, const Span& span) {
    T* c = bound_.at<T>(i.out, 0);
    if (span.begin >= span.end) {
      if (!i.accumulate) __builtin_memset(c, 0, static_cast<size_t>(i.m) * static_cast<size_t>(i.n) * sizeof(T));
      return Status::ok;
    }
    if (i.m == 0 || i.n == 0) return Status::ok;
    if (span.end - span.begin > outerRows || span.level >= 0) forget();
    for (int64_t r = span.begin; r < span.end; r += outerRows) {
      const int64_t rows = span.end - r < outerRows ? span.end - r : outerRows;
      const Span part = {r, r + rows, span.level, span.edges};
      const Lines<const T> a = lines<T>(i.a, part, i.m, 0);
      const Lines<const T> b = lines<T>(i.b, part, i.n, 1);
      if (a.at == nullptr || b.at == nullptr) return Status::noMemory;
      const bool add = i.accumulate || r > span.begin;
      if (i.m <= thinRows) {
        outerThin<T>(rows, i.m, i.n, a.at, a.stride, b.at, b.stride, c, add);
        continue;
      }
      T* left = reinterpret_cast<T*>(workspace_.left.reserve(rows * i.m * static_cast<int64_t>(sizeof(T))));
      T* right = reinterpret_cast<T*>(
          workspace_.right.reserve(packedSize<T>(rows, i.n) * static_cast<int64_t>(sizeof(T))));
      if (left == nullptr || right == nullptr) return Status::noMemory;
      packLeft<T>(left, a.at, a.stride, rows, i.m);
      if (packedFrom_ != b.at || packedRows_ != rows || packedColumns_ != i.n)
        packRight<T>(right, b.at, b.stride, 1, rows, i.n);
      // Rows that were gathered lie where other rows will.
      packedFrom_ = b.at == reinterpret_cast<const T*>(workspace_.gathered[1].data()) ? nullptr : b.at;
      packedRows_ = rows;
      packedColumns_ = i.n;
      outerPacked<T>(rows, i.m, i.n, left, right, c, add);
    }
    return Status::ok;
  }

  template <class T>
  Status batched(const Instruction& i, const Span& span) {
    const int64_t m = i.m;
    const int64_t k = i.k;
    const int64_t n = i.n;
    if (m == 0 || n == 0) return Status::ok;
    T* right = reinterpret_cast<T*>(workspace_.right.reserve(packedSize<T>(k, n) * static_cast<int64_t>(sizeof(T))));
    T* left = reinterpret_cast<T*>(workspace_.left.reserve(m * k * static_cast<int64_t>(sizeof(T))));
    if (left == nullptr || right == nullptr) return Status::noMemory;
    for (int64_t r = span.begin; r < span.end; r++) {
      T* c = bound_.at<T>(i.out, bound_.rowOf(i.out, r));
      const T* a = bound_.at<const T>(i.a, bound_.rowOf(i.a, r));
      const T* b = bound_.at<const T>(i.b, bound_.rowOf(i.b, r));
      for (int64_t q = 0; q < i.count; q++, c += m * n, a += m * k, b += k * n) {
        packRight<T>(right, b, i.transposeB ? 1 : n, i.transposeB ? k : 1, k, n);
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

  const Bound& bound_;
  const RunArguments& arguments_;
  Workspace& workspace_;
  /** What `workspace_.right` holds: outer sums of one block of rows often share it. */
  const void* packedFrom_ = nullptr;
  int64_t packedRows_ = 0;
  int64_t packedColumns_ = 0;
};

}  // namespace LONGSPAN_ISA
}  // namespace longspan
