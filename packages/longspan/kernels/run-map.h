// Runs one map over a range of rows: cuts it into tiles, finds every operand's memory, and interprets the tile program.
#pragma once
#include "rows.h"
#include "run-nest.h"

namespace longspan {
namespace LONGSPAN_ISA {

/** Elements of one operand in a tile: a few operands together fit the first-level cache. */
constexpr int64_t tileElements = 1024;
/** Bytes of scratch of a tile of a map that moves or reduces. */
constexpr int64_t tileBytes = 1 << 18;
constexpr int64_t maxTileRows = 256;

class MapRunner {
 public:
  MapRunner(const Bound& bound, const Map& map, Workspace& workspace) : bound_(bound), map_(map), workspace_(workspace) {}

  Status run(const Span& span) {
    const int64_t rows = span.end - span.begin;
    if (rows <= 0) return Status::ok;
    if (!find(span)) return Status::noMemory;
    if (map_.uniform && isFlat()) {
      const int64_t width = rows * map_.widest;
      tileColumns_ = width < tileElements ? width : tileElements;
      if (!layOut(1, tileColumns_)) return Status::noMemory;
      fillConstants();
      for (int64_t c = 0; c < width; c += tileColumns_)
        tile(span, span.begin, 1, c, width - c < tileColumns_ ? width - c : tileColumns_, true);
      return Status::ok;
    }
    if (!prepare(rows)) return Status::noMemory;
    tiles(span);
    return Status::ok;
  }

  /** For each row of the span, the sums over the rows of its list; `levelled`: the number of the space of those rows. */
  Status sums(const Span& span, const Table& lists, int32_t levelled) {
    int64_t longest = 0;
    for (int64_t r = span.begin; r < span.end; r++) {
      const int64_t rows = lists.starts[r + 1] - lists.starts[r];
      if (rows > longest) longest = rows;
    }
    if (!workspace_.lies.resize(map_.operands.size()) || !useSlots(true) || !prepare(longest)) return Status::noMemory;
    for (int64_t r = span.begin; r < span.end; r++) {
      const int32_t first = lists.starts[r];
      const int32_t last = lists.starts[r + 1];
      for (const Operand& o : map_.operands)
        if (o.storage == Storage::sum) clear(o, r);
      if (first == last) continue;
      const int32_t* index = lists.index.begin();
      bool consecutive = true;
      for (int32_t q = first + 1; consecutive && q < last; q++) consecutive = index[q] == index[q - 1] + 1;
      list_ = consecutive ? nullptr : index;
      const int64_t begin = consecutive ? index[first] : first;
      const Span rows = {begin, begin + last - first, -1, levelled};
      sumRow_ = r;
      locate(rows);
      tiles(rows);
    }
    list_ = nullptr;
    return Status::ok;
  }

 private:
  /** Finds how the views lie, and with that which slots are used. */
  bool find(const Span& span) {
    if (!workspace_.lies.resize(map_.operands.size())) return false;
    locate(span);
    return useSlots(false);
  }

  void locate(const Span& span) {
    for (int64_t i = 0; i < map_.operands.size(); i++)
      if (map_.operands[i].storage == Storage::view) workspace_.lies[i] = stridedRowsOf(map_.operands[i].view, span);
  }

  /** A view needs its slot only where its rows lie scattered, or where it is one number that is spread. */
  bool useSlots(bool all) {
    Array<uint8_t>& used = workspace_.used;
    if (!used.resize(map_.slots.size())) return false;
    for (int64_t s = 0; s < map_.slots.size(); s++) used[s] = all;
    for (int64_t i = 0; i < map_.operands.size() && !all; i++) {
      const Operand& o = map_.operands[i];
      if (o.storage == Storage::scratch || (o.storage == Storage::view && o.slot >= 0 && (o.size == 1 || workspace_.lies[i].step < 0)))
        used[o.slot] = 1;
    }
    scratch_ = 0;
    for (int64_t s = 0; s < map_.slots.size(); s++)
      if (used[s]) scratch_ += map_.slots[s];
    return true;
  }

  /** Sizes of tiles for so many rows, their scratch, and the constants in it. */
  bool prepare(int64_t rows) {
    const int64_t width = map_.uniform ? map_.widest : 0;
    tileColumns_ = width;
    if (map_.uniform) {
      if (width > tileElements) tileColumns_ = tileElements;
      tileRows_ = tileElements / (tileColumns_ > 0 ? tileColumns_ : 1);
    } else {
      tileRows_ = tileBytes / (scratch_ > 0 ? scratch_ : 1);
    }
    if (tileRows_ > maxTileRows) tileRows_ = maxTileRows;
    if (tileRows_ > rows) tileRows_ = rows;
    if (tileRows_ < 1) tileRows_ = 1;
    if (!layOut(tileRows_, tileColumns_)) return false;
    fillConstants();
    return true;
  }

  /** Runs the tiles of a span. */
  void tiles(const Span& span) {
    const int64_t width = map_.uniform ? map_.widest : 0;
    for (int64_t r = span.begin; r < span.end; r += tileRows_) {
      const int64_t taken = span.end - r < tileRows_ ? span.end - r : tileRows_;
      if (!map_.uniform) {
        tile(span, r, taken, 0, 0, false);
        continue;
      }
      for (int64_t c = 0; c < width; c += tileColumns_) {
        const int64_t columns = width - c < tileColumns_ ? width - c : tileColumns_;
        tile(span, r, taken, c, columns, false);
      }
    }
  }

  char* rowOfSum(const Operand& o, int64_t r) const {
    const int64_t columns = bound_.scheduled.program->buffers[o.view.buffer].columns;
    return bound_.memory[o.view.buffer] + (o.view.offset + bound_.rowOf(o.view, r) * columns) * longspan::sizeOf(o.dtype);
  }

  void clear(const Operand& o, int64_t r) const {
    __builtin_memset(rowOfSum(o, r), 0, static_cast<size_t>(o.size * longspan::sizeOf(o.dtype)));
  }

  /** The row of the map's space that row r of a span is: where it runs over a list, what the list says. */
  int64_t rowAt(int64_t r) const { return list_ == nullptr ? r : list_[r]; }

  /** How the rows of a view lie over a span. */
  StridedRows stridedRowsOf(const View& v, const Span& span) const {
    if (list_ == nullptr || v.rows == rowsFixed) return bound_.stridedRows(v, span);
    const int64_t first = bound_.rowOf(v, rowAt(span.begin));
    const int64_t step = span.end - span.begin == 1 ? 0 : bound_.rowOf(v, rowAt(span.begin + 1)) - first;
    bool even = step == 0 || step == 1;
    for (int64_t r = span.begin + 1; even && r < span.end; r++)
      even = bound_.rowOf(v, rowAt(r)) == first + (r - span.begin) * step;
    return even ? StridedRows{static_cast<int32_t>(first), static_cast<int32_t>(step)} : StridedRows{0, -1};
  }

  /** Whether the rows of all operands lie end to end, or are one number for all. */
  bool isFlat() const {
    for (int64_t i = 0; i < map_.operands.size(); i++) {
      const Operand& o = map_.operands[i];
      if (o.storage != Storage::view) continue;
      const StridedRows strided = workspace_.lies[i];
      const Buffer& buffer = bound_.scheduled.program->buffers[o.view.buffer];
      if (strided.step == 1 && buffer.columns == o.size) continue;
      if (strided.step == 0 && o.size == 1 && !o.written && o.slot >= 0) continue;
      return false;
    }
    return true;
  }

  bool layOut(int64_t tileRows, int64_t tileColumns) {
    const int64_t slots = map_.slots.size();
    const int64_t operands = map_.operands.size();
    const int64_t blocks = map_.blocks.size();
    const int64_t head = align(operands * static_cast<int64_t>(sizeof(Tile)) + (slots + blocks) * 8);
    int64_t bytes = head;
    const int64_t widest = map_.widest > 0 ? map_.widest : 1;
    for (int64_t s = 0; s < slots; s++) bytes += slotBytes(s, tileRows, tileColumns, widest);
    for (const int32_t b : map_.blocks) bytes += blockBytes(b, tileColumns);
    char* at = workspace_.scratch.reserve(bytes);
    if (at == nullptr) return false;
    tiles_ = reinterpret_cast<Tile*>(at);
    slots_ = reinterpret_cast<char**>(at + operands * static_cast<int64_t>(sizeof(Tile)));
    at += head;
    for (int64_t s = 0; s < slots; s++) {
      slots_[s] = at;
      at += slotBytes(s, tileRows, tileColumns, widest);
    }
    blocks_ = slots_ + slots;
    for (int64_t b = 0; b < blocks; b++) {
      blocks_[b] = at;
      at += blockBytes(map_.blocks[b], tileColumns);
    }
    return true;
  }

  /** With a vector more, since what fills lines goes beyond the last. In a uniform map all are as wide as a tile. */
  int64_t blockBytes(int64_t bytes, int64_t tileColumns) const {
    return align((map_.uniform ? bytes / map_.widest * tileColumns : bytes) + vectorBytes);
  }

  static int64_t align(int64_t bytes) { return (bytes + 63) & ~static_cast<int64_t>(63); }

  int64_t slotBytes(int64_t s, int64_t tileRows, int64_t tileColumns, int64_t widest) const {
    if (!workspace_.used[s]) return 0;
    const int64_t perRow = map_.uniform ? map_.slots[s] / widest * tileColumns : map_.slots[s];
    return align(perRow * tileRows);
  }

  /** Constants are one row of equal numbers, read by every row of the tile. */
  void fillConstants() {
    for (const Operand& o : map_.operands) {
      if (o.storage != Storage::constant) continue;
      fill(o, blocks_[o.slot], map_.uniform ? tileColumns_ : o.size, o.value);
    }
  }

  static void fill(const Operand& o, char* to, int64_t n, double value) {
    withType(o.dtype, [&](auto type) {
      typedef LONGSPAN_TYPE(type) T;
      T* out = reinterpret_cast<T*>(to);
      const T x = fromDouble<T>(value);
      for (int64_t i = 0; i < n; i++) out[i] = x;
    });
  }

  void tile(const Span& span, int64_t first, int64_t rows, int64_t column, int64_t columns, bool flat) {
    for (int64_t i = 0; i < map_.operands.size(); i++) {
      const Operand& o = map_.operands[i];
      const int64_t size = map_.uniform ? columns : o.size;
      const int64_t bytes = longspan::sizeOf(o.dtype);
      if (o.storage == Storage::sum) {
        tiles_[i] = {rowOfSum(o, sumRow_) + column * bytes, 0};
      } else if (o.storage == Storage::scratch) {
        tiles_[i] = {slots_[o.slot], size * bytes};
      } else if (o.storage == Storage::constant || o.storage == Storage::block) {
        tiles_[i] = {blocks_[o.slot], 0};
      } else {
        bind(tiles_[i], o, workspace_.lies[i], span, first, rows, column, size, flat);
      }
    }
    for (int64_t q = 0; q < map_.own; q++) {
      const MapOp& op = map_.ops[q];
      if (op.kind == OpKind::nest)
        nest(map_.nests[op.extra], rows, span, first);
      else
        execute(op, rows, columns, span, first, column);
    }
  }

  void nest(const Nest& nest, int64_t rows, const Span& span, int64_t first) {
    NestRunner runner(map_, nest, tiles_, blocks_);
    for (int64_t r = 0; r < rows; r++) runner.run(r);
    for (int32_t q = nest.first; q < nest.first + nest.count; q++) {
      const int32_t out = map_.ops[q].out;
      if (isInSlot(out)) scatter(map_.operands[out], span, first, rows, 0, 0);
    }
  }

  /** Whether a result that goes to a buffer was left in a slot. */
  bool isInSlot(int32_t operand) const {
    const Operand& o = map_.operands[operand];
    return o.storage == Storage::view && o.slot >= 0 && tiles_[operand].at == slots_[o.slot];
  }

  void bind(Tile& tile, const Operand& o, const StridedRows& strided, const Span& span, int64_t first, int64_t rows,
            int64_t column, int64_t size, bool flat) {
    const int64_t bytes = longspan::sizeOf(o.dtype);
    const int64_t columns = bound_.scheduled.program->buffers[o.view.buffer].columns;
    char* base = bound_.memory[o.view.buffer] + (o.view.offset + column) * bytes;
    if (flat && strided.step == 0) {
      base -= column * bytes;
      base += strided.first * columns * bytes;
      tile = {slots_[o.slot], 0};
      withType(o.dtype, [&](auto type) {
        typedef LONGSPAN_TYPE(type) T;
        const T x = *reinterpret_cast<const T*>(base);
        T* out = reinterpret_cast<T*>(tile.at);
        for (int64_t i = 0; i < size; i++) out[i] = x;
      });
      return;
    }
    if (strided.step >= 0) {
      tile = {base + (strided.first + strided.step * (first - span.begin)) * columns * bytes, strided.step * columns * bytes};
      return;
    }
    tile = {slots_[o.slot], size * bytes};
    if (o.written) return;
    for (int64_t r = 0; r < rows; r++)
      __builtin_memcpy(tile.at + r * size * bytes, base + bound_.rowOf(o.view, rowAt(first + r)) * columns * bytes,
                       static_cast<size_t>(size * bytes));
  }

  /** Rows and columns of an operation on operands that agree element by element. */
  Extent extent(const MapOp& op, int64_t rows, int64_t columns) const {
    const Operand& out = map_.operands[op.out];
    const int64_t size = map_.uniform ? columns : out.size;
    if (rows == 1) return {1, size};
    const bool dense = isDense(op.out, size) && (op.a < 0 || isDense(op.a, size)) && (op.b < 0 || isDense(op.b, size)) &&
                       (op.c < 0 || isDense(op.c, size));
    return dense ? Extent{1, rows * size} : Extent{rows, size};
  }

  bool isDense(int32_t operand, int64_t size) const {
    return tiles_[operand].stride == size * longspan::sizeOf(map_.operands[operand].dtype);
  }

  void execute(const MapOp& op, int64_t rows, int64_t columns, const Span& span, int64_t first, int64_t column) {
    const Operand& out = map_.operands[op.out];
    const Tile& o = tiles_[op.out];
    const Tile& a = tiles_[op.a < 0 ? op.out : op.a];
    const Tile& b = tiles_[op.b < 0 ? op.out : op.b];
    const Tile& c = tiles_[op.c < 0 ? op.out : op.c];
    const DType from = map_.operands[op.a < 0 ? op.out : op.a].dtype;
    const int32_t* dims = map_.dims.begin() + op.dims;
    switch (op.kind) {
      case OpKind::copy: {
        const Extent e = extent(op, rows, columns);
        const size_t bytes = static_cast<size_t>(e.columns * longspan::sizeOf(out.dtype));
        for (int64_t r = 0; r < e.rows; r++) __builtin_memmove(o.at + r * o.stride, a.at + r * a.stride, bytes);
        break;
      }
      case OpKind::unary:
        unary(static_cast<Unary>(op.code), out.dtype, from, extent(op, rows, columns), o, a);
        break;
      case OpKind::binary:
        binary(static_cast<Binary>(op.code), out.dtype, from, extent(op, rows, columns), o, a, b);
        break;
      case OpKind::select:
        select(out.dtype, from, extent(op, rows, columns), o, a, b, c);
        break;
      case OpKind::mulAdd:
        mulAdd(out.dtype, extent(op, rows, columns), o, a, b, c);
        break;
      case OpKind::ofSum:
        ofSum(static_cast<Unary>(op.code), extent(op, rows, columns), o, a, b, c);
        break;
      case OpKind::ofSumOfTwo:
        ofSumOfTwo(static_cast<Unary>(op.code), extent(op, rows, columns), o, a, b);
        break;
      case OpKind::move:
        if (longspan::sizeOf(out.dtype) == 8)
          moveRows<uint64_t>(rows, o, a, dims, op.dimCount, op.extra);
        else
          moveRows<uint32_t>(rows, o, a, dims, op.dimCount, op.extra);
        break;
      case OpKind::insert: {
        const int64_t bytes = longspan::sizeOf(out.dtype);
        if (op.code != 0)
          for (int64_t r = 0; r < rows; r++)
            __builtin_memset(o.at + r * o.stride, 0, static_cast<size_t>(out.size * bytes));
        if (bytes == 8)
          insertRows<uint64_t>(rows, o, a, dims, op.dimCount, op.extra);
        else
          insertRows<uint32_t>(rows, o, a, dims, op.dimCount, op.extra);
        break;
      }
      case OpKind::iota:
        withType(out.dtype, [&](auto type) {
          typedef LONGSPAN_TYPE(type) T;
          for (int64_t r = 0; r < rows; r++) {
            T* to = row<T>(o, r);
            // Each number as often as the inner axes ask for, and all of them anew for each index of the outer ones.
            for (int64_t q = 0; q < out.size;)
              for (int32_t i = 0; i < op.code && q < out.size; i++) {
                const T x = static_cast<T>(i);
                if (op.extra == 1)
                  to[q++] = x;
                else
                  for (int32_t k = 0; k < op.extra && q < out.size; k++) to[q++] = x;
              }
          }
        });
        break;
      case OpKind::reduce:
        withType(from, [&](auto in) {
          reduceRows<LONGSPAN_TYPE(in)>(static_cast<Reduce>(op.code), rows, o, a, dims, op.dimCount, op.keptCount);
        });
        break;
      case OpKind::uniform:
        if (out.dtype == DType::float32)
          uniformRows<float>(rows, out.size, op.extra, o, a, b, c);
        else
          uniformRows<double>(rows, out.size, op.extra, o, a, b, c);
        break;
      case OpKind::scale:
        scale(out.dtype, rows, out.size, o, a, b);
        break;
      case OpKind::dot:
        dot(out.dtype, rows, map_.operands[op.a].size, o, a, b);
        break;
      case OpKind::addUp:
        withType(out.dtype, [&](auto type) {
          typedef LONGSPAN_TYPE(type) T;
          const int64_t size = map_.uniform ? columns : out.size;
          for (int64_t r = 0; r < rows; r++) addRow(row<T>(o, r), row<T>(a, r), size);
        });
        break;
      case OpKind::addScaled:
        addScaled(out.dtype, rows, out.size, o, a, b);
        break;
      default:
        break;
    }
    if (isInSlot(op.out)) scatter(out, span, first, rows, column, columns);
  }

  /** A result whose rows lie scattered leaves its slot. */
  void scatter(const Operand& o, const Span& span, int64_t first, int64_t rows, int64_t column, int64_t columns) {
    (void)span;
    const int64_t size = map_.uniform ? columns : o.size;
    const int64_t bytes = longspan::sizeOf(o.dtype);
    const int64_t width = bound_.scheduled.program->buffers[o.view.buffer].columns;
    char* base = bound_.memory[o.view.buffer] + (o.view.offset + column) * bytes;
    for (int64_t r = 0; r < rows; r++)
      __builtin_memcpy(base + bound_.rowOf(o.view, first + r) * width * bytes, slots_[o.slot] + r * size * bytes,
                       static_cast<size_t>(size * bytes));
  }

  const Bound& bound_;
  const Map& map_;
  Workspace& workspace_;
  /** The row whose list is gone through, of a map over lists. */
  int64_t sumRow_ = -1;
  /** The rows that a span of a list leads to; null where it runs over rows as they lie. */
  const int32_t* list_ = nullptr;
  /** Bytes per row of the slots that are used. */
  int64_t scratch_ = 0;
  int64_t tileRows_ = 1;
  int64_t tileColumns_ = 0;
  Tile* tiles_ = nullptr;
  char** slots_ = nullptr;
  char** blocks_ = nullptr;
};

}  // namespace LONGSPAN_ISA
}  // namespace longspan
