// What the kernels know of every instruction, and what those have in common that do not say otherwise. Each has a header in
// instructions/, under the name of its file in src/program/instructions.
#pragma once
#include "checks.h"

namespace longspan {
namespace instruction {

struct Common {
  /** It reads `a`, or `a` and `b`, or these and `c`. */
  static constexpr int reads = 2;
  /** The rows of `a` that it reads are those that the table `lists` names. */
  static constexpr bool listed = false;
  /** Its rows may be run in blocks, in any order, and shared out among threads. */
  static constexpr bool byRows = false;
  /** It adds up rows into one row: the sums of some rows can be formed apart. */
  static constexpr bool sums = false;
  /** Each of its columns is by itself: threads may share them. */
  static constexpr bool byColumns = false;
  /** Its right operand is packed, once for all rows. */
  static constexpr bool packs = false;

  /** A guess at the nanoseconds that it takes per row. */
  static double cost(const Program&, const Instruction& i) { return static_cast<double>(i.columns) * (i.count > 0 ? i.count : 1) / 4; }
};

/** Elements that the operations of a map form per row. */
inline double elementsOf(const Map& map) {
  double elements = 0;
  for (int64_t q = 0; q < map.own; q++)
    if (map.ops[q].kind != OpKind::nest) elements += map.operands[map.ops[q].out].size;
  for (const Nest& nest : map.nests) elements += static_cast<double>(nest.size()) * nest.count;
  return elements;
}

}  // namespace instruction
}  // namespace longspan
