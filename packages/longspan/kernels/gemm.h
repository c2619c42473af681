// Dense products. The right operand is packed into panels of a few vectors, [panel][k][columns]; the left one is read as it
// lies, by broadcast. Every element is summed in the order of k, so a row's result does not depend on the rows beside it.
#pragma once
#include "vector.h"

namespace longspan {
namespace LONGSPAN_ISA {

// Vectors per panel and rows per block: as many sums as the registers hold, with few loads per multiply-add.
#if defined(__AVX512F__) || defined(__aarch64__)
constexpr int panelVectors = 4;
constexpr int blockRows = 6;
#elif defined(__AVX__)
constexpr int panelVectors = 2;
constexpr int blockRows = 6;
#else
constexpr int panelVectors = 4;
constexpr int blockRows = 2;
#endif

template <class T>
constexpr int panelColumns = panelVectors * lanes<T>;

/** Rows of a panel that are multiplied before sums go back to memory: they and their left operands fit the first-level cache. */
constexpr int64_t depthBlock = 256;

/** Elements of a packed right operand. */
template <class T>
LONGSPAN_INLINE int64_t packedSize(int64_t k, int64_t n) {
  return (n + panelColumns<T> - 1) / panelColumns<T> * panelColumns<T> * k;
}

/** Packs B[k, n] with free strides; columns beyond n are zero. `total`: rows of a panel, where these are only some of them. */
template <class T>
void packRight(T* to, const T* b, int64_t strideK, int64_t strideJ, int64_t k, int64_t n, int64_t total) {
  constexpr int width = panelColumns<T>;
  int64_t j = 0;
  if (strideJ == 1) {
    // Four panels at once: rows that lie far apart are gone through less often.
    constexpr int together = 4;
    for (; j + together * width <= n; j += together * width, to += together * total * width)
      for (int64_t p = 0; p < k; p++)
#pragma GCC unroll 4
        for (int q = 0; q < together; q++)
#pragma GCC unroll 4
          for (int v = 0; v < panelVectors; v++)
            store(to + (q * total + p) * width + v * lanes<T>, load(b + p * strideK + j + q * width + v * lanes<T>));
  }
  for (; j < n; j += width, to += total * width) {
    const T* from = b + j * strideJ;
    const int columns = n - j < width ? static_cast<int>(n - j) : width;
    if (strideJ == 1 && columns == width) {
      for (int64_t p = 0; p < k; p++)
        for (int v = 0; v < panelVectors; v++)
          store(to + p * width + v * lanes<T>, load(from + p * strideK + v * lanes<T>));
      continue;
    }
    if (columns < width) __builtin_memset(to, 0, static_cast<size_t>(k * width) * sizeof(T));
    // By blocks of rows, so that what is written stays in cache while the columns are gone through.
    for (int64_t p0 = 0; p0 < k; p0 += 64) {
      const int64_t p1 = p0 + 64 < k ? p0 + 64 : k;
      for (int c = 0; c < columns; c++) {
        const T* column = from + c * strideJ;
        for (int64_t p = p0; p < p1; p++) to[p * width + c] = column[p * strideK];
      }
    }
  }
}

/**
 * rows x panels: C (+)= A B over k terms. The left operand lies by rows (row stride `lda`), or transposed and packed (`rows`
 * elements per k). It calls nothing: a call could change every vector register, and around one GCC keeps the sums in memory,
 * which it then loads and stores in each step of the loop.
 */
template <class T, int rows, int panels, bool packedLeft>
LONGSPAN_INLINE void block(int64_t k, const T* a, int64_t lda, const T* b, int64_t panelStride, T* c, int64_t ldc, bool add) {
  constexpr int vectors = panels * panelVectors;
  Vec<T> sums[rows][vectors];
#pragma GCC unroll 16
  for (int i = 0; i < rows; i++)
#pragma GCC unroll 16
    for (int v = 0; v < vectors; v++) sums[i][v] = Vec<T>{};
  // What the sums go to is fetched while they are formed.
#pragma GCC unroll 16
  for (int i = 0; i < rows; i++)
#pragma GCC unroll 16
    for (int v = 0; v < vectors; v += panelVectors) __builtin_prefetch(c + i * ldc + v * lanes<T>, 1);
  for (int64_t p = 0; p < k; p++) {
    Vec<T> right[vectors];
#pragma GCC unroll 16
    for (int v = 0; v < vectors; v++)
      right[v] = load(b + (v / panelVectors) * panelStride + p * panelColumns<T> + (v % panelVectors) * lanes<T>);
#pragma GCC unroll 16
    for (int i = 0; i < rows; i++) {
      const Vec<T> left = splat(packedLeft ? a[p * rows + i] : a[i * lda + p]);
#pragma GCC unroll 16
      for (int v = 0; v < vectors; v++) sums[i][v] = multiplyAdd<Vec<T>>(left, right[v], sums[i][v]);
    }
  }
#pragma GCC unroll 16
  for (int i = 0; i < rows; i++)
#pragma GCC unroll 16
    for (int v = 0; v < vectors; v++) {
      T* to = c + i * ldc + v * lanes<T>;
      store(to, add ? sums[i][v] + load(to) : sums[i][v]);
    }
}

/** One block of at most `blockRows` rows by one panel, all of whose columns exist. */
template <class T, bool packedLeft>
inline void blockOf(int rows, int64_t k, const T* a, int64_t lda, const T* b, T* c, int64_t ldc, bool add) {
  switch (rows) {
    case 1:
      return block<T, 1, 1, packedLeft>(k, a, lda, b, 0, c, ldc, add);
    case 2:
      return block<T, 2, 1, packedLeft>(k, a, lda, b, 0, c, ldc, add);
  }
  if constexpr (blockRows > 2) {
    switch (rows) {
      case 3:
        return block<T, 3, 1, packedLeft>(k, a, lda, b, 0, c, ldc, add);
      case 4:
        return block<T, 4, 1, packedLeft>(k, a, lda, b, 0, c, ldc, add);
      case 5:
        return block<T, 5, 1, packedLeft>(k, a, lda, b, 0, c, ldc, add);
      case 6:
        return block<T, 6, 1, packedLeft>(k, a, lda, b, 0, c, ldc, add);
    }
  }
}

/** The same with the first `columns` of a panel: the block is formed beside C, and what exists of it goes there. */
template <class T, bool packedLeft>
inline void partOf(int rows, int64_t k, const T* a, int64_t lda, const T* b, T* c, int64_t ldc, bool add, int columns) {
  constexpr int width = panelColumns<T>;
  alignas(vectorBytes) T whole[blockRows * width];
  blockOf<T, packedLeft>(rows, k, a, lda, b, whole, width, false);
  for (int i = 0; i < rows; i++) {
    const T* from = whole + i * width;
    T* to = c + i * ldc;
    if (add)
      for (int j = 0; j < columns; j++) to[j] += from[j];
    else
      __builtin_memcpy(to, from, static_cast<size_t>(columns) * sizeof(T));
  }
}

// A row or two by themselves leave sums idle: they take several panels at once.
constexpr int onePanels = blockRows == 2 ? 1 : 8 / panelVectors;
constexpr int twoPanels = blockRows == 2 ? 1 : panelVectors == 2 ? 3 : 2;

/** C[m, n] (+)= A[m, k] B, B packed, for rows that stay in cache while the panels go by. */
template <class T>
void gemmRows(int64_t m, int64_t n, int64_t k, const T* a, int64_t lda, const T* packed, T* c, int64_t ldc, bool add) {
  if (m <= 0 || n <= 0) return;
  constexpr int width = panelColumns<T>;
  const int64_t blocks = (m + blockRows - 1) / blockRows;
  const int64_t small = m / blocks;
  const int64_t large = m % blocks;
  const int64_t depthBlocks = k <= depthBlock ? 1 : (k + depthBlock - 1) / depthBlock;
  const int64_t depth = (k + depthBlocks - 1) / depthBlocks;
  // Panel by panel and within it by depth: the sums of one panel stay in the first-level cache between depths.
  for (int64_t j = 0; j < n;) {
    const int64_t rest = n - j;
    const bool one = m == 1 && onePanels > 1 && rest >= onePanels * width;
    const bool two = m == 2 && twoPanels > 1 && rest >= twoPanels * width;
    for (int64_t k0 = 0; k0 == 0 || k0 < k; k0 += depth == 0 ? 1 : depth) {
      const int64_t terms = k - k0 < depth ? k - k0 : depth;
      const bool sum = add || k0 > 0;
      const T* left = a + k0;
      const T* b = packed + j * k + k0 * width;
      if (one) {
        block<T, 1, onePanels, false>(terms, left, lda, b, k * width, c + j, ldc, sum);
        continue;
      }
      if (two) {
        block<T, 2, twoPanels, false>(terms, left, lda, b, k * width, c + j, ldc, sum);
        continue;
      }
      const int columns = rest < width ? static_cast<int>(rest) : width;
      int64_t row = 0;
      for (int64_t q = 0; q < blocks; q++) {
        const int rows = static_cast<int>(q < large ? small + 1 : small);
        if (columns == width)
          blockOf<T, false>(rows, terms, left + row * lda, lda, b, c + row * ldc + j, ldc, sum);
        else
          partOf<T, false>(rows, terms, left + row * lda, lda, b, c + row * ldc + j, ldc, sum, columns);
        row += rows;
      }
    }
    j += one ? onePanels * width : two ? twoPanels * width : width;
  }
}

/** Rows whose left operands stay in the second-level cache, beside the panels. */
constexpr int64_t rowBlock = 22 * blockRows;

/** C[m, n] (+)= A[m, k] B, B packed. */
template <class T>
void gemmPacked(int64_t m, int64_t n, int64_t k, const T* a, int64_t lda, const T* packed, T* c, int64_t ldc, bool add) {
  const int64_t parts = (m + rowBlock - 1) / rowBlock;
  int64_t row = 0;
  for (int64_t q = 0; q < parts; q++) {
    const int64_t rows = m / parts + (q < m % parts ? 1 : 0);
    gemmRows<T>(rows, n, k, a + row * lda, lda, packed, c + row * ldc, ldc, add);
    row += rows;
  }
}

/** C[m, n] (+)= A B with few columns, B given by columns [n][k]: inner products over vectors. */
template <class T>
void gemmNarrow(int64_t m, int64_t n, int64_t k, const T* a, int64_t lda, const T* b, T* c, int64_t ldc, bool add) {
  for (int64_t i = 0; i < m; i++)
    for (int64_t j = 0; j < n; j++) {
      const T* x = a + i * lda;
      const T* y = b + j * k;
      Vec<T> sums[lineVectors<T>] = {};
      int64_t p = 0;
      for (; p + lineAccumulators<T> <= k; p += lineAccumulators<T>)
        for (int v = 0; v < lineVectors<T>; v++) sums[v] += load(x + p + v * lanes<T>) * load(y + p + v * lanes<T>);
      for (int v = 0; p < k; v++, p += lanes<T>) {
        const int left = static_cast<int>(k - p);
        sums[v] += left < lanes<T> ? loadPart(x + p, left) * loadPart(y + p, left) : load(x + p) * load(y + p);
      }
      T joined[joinedAccumulators];
      joinAccumulators<T>(sums, joined, [](T one, T other) { return one + other; });
      T s = 0;
      for (const T sum : joined) s += sum;
      c[i * ldc + j] = add ? c[i * ldc + j] + s : s;
    }
}

/** Rows that an outer sum takes at a time: both operands, packed, stay in the second-level cache. */
constexpr int64_t outerRows = 128;

/**
 * Packs the transpose of A[rows, m], by balanced blocks of columns: [block][row][columns of the block]. They become the
 * rows from `first` on of `total`.
 */
template <class T>
void packLeft(T* to, const T* a, int64_t lda, int64_t rows, int64_t m, int64_t first, int64_t total) {
  const int64_t blocks = (m + blockRows - 1) / blockRows;
  int64_t i = 0;
  for (int64_t q = 0; q < blocks; q++) {
    const int64_t width = m / blocks + (q < m % blocks ? 1 : 0);
    T* block = to + first * width;
    if (width == blockRows)
      for (int64_t r = 0; r < rows; r++)
        for (int64_t p = 0; p < blockRows; p++) block[r * blockRows + p] = a[r * lda + i + p];
    else
      for (int64_t r = 0; r < rows; r++)
        for (int64_t p = 0; p < width; p++) block[r * width + p] = a[r * lda + i + p];
    to += total * width;
    i += width;
  }
}

/** C[m, n] (+)= A' B over at most `outerRows` rows, both packed. */
template <class T>
void outerPacked(int64_t rows, int64_t m, int64_t n, const T* a, const T* b, T* c, bool add) {
  constexpr int width = panelColumns<T>;
  const int64_t blocks = (m + blockRows - 1) / blockRows;
  for (int64_t j = 0; j < n; j += width, b += rows * width) {
    const int columns = n - j < width ? static_cast<int>(n - j) : width;
    const T* left = a;
    int64_t i = 0;
    for (int64_t q = 0; q < blocks; q++) {
      const int taken = static_cast<int>(m / blocks + (q < m % blocks ? 1 : 0));
      if (columns == width)
        blockOf<T, true>(taken, rows, left, 0, b, c + i * n + j, n, add);
      else
        partOf<T, true>(taken, rows, left, 0, b, c + i * n + j, n, add, columns);
      left += rows * taken;
      i += taken;
    }
  }
}

/** C[m, n] (+)= A' B with few rows of C: each row of B is read once per four, unpacked. */
template <class T>
void outerThin(int64_t rows, int64_t m, int64_t n, const T* a, int64_t lda, const T* b, int64_t ldb, T* c, bool add) {
  constexpr int wide = 4;
  for (int64_t i = 0; i < m; i++) {
    int64_t j = 0;
    for (; j + wide * lanes<T> <= n; j += wide * lanes<T>) {
      Vec<T> sums[wide] = {};
      for (int64_t r = 0; r < rows; r++) {
        const Vec<T> x = splat(a[r * lda + i]);
#pragma GCC unroll 4
        for (int v = 0; v < wide; v++) sums[v] += x * load(b + r * ldb + j + v * lanes<T>);
      }
      for (int v = 0; v < wide; v++) {
        T* to = c + i * n + j + v * lanes<T>;
        store(to, add ? load(to) + sums[v] : sums[v]);
      }
    }
    for (; j < n; j += lanes<T>) {
      const int left = n - j < lanes<T> ? static_cast<int>(n - j) : lanes<T>;
      Vec<T> sum = {};
      for (int64_t r = 0; r < rows; r++) sum += splat(a[r * lda + i]) * loadPart(b + r * ldb + j, left);
      T* to = c + i * n + j;
      storePart(to, add ? loadPart(to, left) + sum : sum, left);
    }
  }
}

}  // namespace LONGSPAN_ISA
}  // namespace longspan
