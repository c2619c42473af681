// Reads the flat encoding of a program and checks every number in it: what passes here can be run without further thought.
#include "instructions.h"

namespace longspan {

Program::~Program() {
  for (Map* m : maps) delete m;
  for (Pack* p : packs) delete p;
}

namespace {

constexpr int32_t most = 1 << 20;
constexpr int32_t maxRank = 8;

class Parser : public Checks {
 public:
  Parser(const int32_t* ints, int64_t intCount, const double* reals, int64_t realCount)
      : at_(ints), end_(ints + intCount), reals_(reals), realCount_(realCount) {}

  Program* parse() {
    program_ = new Program();
    if (program()) return program_;
    delete program_;
    return nullptr;
  }

 private:
  int32_t next() {
    if (at_ < end_) return *at_++;
    short_ = true;
    return 0;
  }

  /** A count of things that follow, each of at least one number. */
  bool count(int32_t* n) {
    *n = next();
    return !short_ && *n >= 0 && *n <= most && *n <= end_ - at_ + 1 ? true : fail("a count out of range");
  }

  bool program() {
    if (next() != magic) return fail("not a program");
    int32_t buffers;
    int32_t tables;
    int32_t counts[3];
    if (!count(&buffers) || !count(&tables)) return false;
    for (int32_t& c : counts)
      if (!count(&c)) return false;
    Program& p = *program_;
    if (!p.buffers.resize(buffers) || !p.tables.resize(tables)) return fail("out of memory");
    for (Buffer& b : p.buffers) {
      const int32_t dtype = next();
      b.space = next();
      b.columns = next();
      const int32_t role = next();
      b.clearHead = next();
      if (dtype < 0 || dtype > 2 || role < 0 || role > 3) return fail("a buffer of unknown type or role");
      if (b.space < 0 || b.space >= spaces || b.columns < 0) return fail("a buffer of unknown space or negative width");
      if (b.clearHead != 0 && b.clearHead != 1) return fail("a flag that is neither 0 nor 1");
      b.dtype = static_cast<DType>(dtype);
      b.role = static_cast<Role>(role);
      if (b.clearHead && (b.role == Role::input || b.role == Role::level)) return fail("the head of an input is cleared");
    }
    for (int32_t& t : p.tables) {
      t = next();
      if (t != 0 && t != 1) return fail("a table of unknown kind");
    }
    for (int r = 0; r < 3; r++) {
      region_ = r;
      if (!p.regions[r].resize(counts[r])) return fail("out of memory");
      for (Instruction& i : p.regions[r])
        if (!instruction(i)) return false;
    }
    if (short_) return false;
    return at_ == end_ ? true : fail("numbers after the program's end");
  }

  View view() {
    View v;
    v.buffer = next();
    v.offset = next();
    v.rows = next();
    return v;
  }

  bool flag(int32_t* f) {
    *f = next();
    return *f == 0 || *f == 1 ? true : fail("a flag that is neither 0 nor 1");
  }

  bool instruction(Instruction& i) {
    const int32_t kind = next();
    i.space = next();
    if (short_) return false;
    if (kind < 0 || kind >= static_cast<int32_t>(Kind::count)) return fail("an unknown instruction");
    if (i.space < 0 || i.space >= spaces) return fail("an unknown space");
    i.kind = static_cast<Kind>(kind);
    if (i.kind == Kind::map) return map(i, i.space);
    if (i.kind == Kind::segmentMap) {
      i.listSpace = next();
      i.lists = next();
      if (short_) return false;
      if (i.listSpace < 0 || i.listSpace >= spaces) return fail("an unknown space");
      if (i.lists < 0 || !isListTable(i.lists)) return fail("segmentMap without a table of lists");
      return map(i, i.listSpace);
    }
    i.out = view();
    i.a = view();
    i.b = view();
    i.c = view();
#define LONGSPAN_SIZE(name) \
  i.name = next();          \
  if (i.name < 0) return fail("a negative size");
    LONGSPAN_SIZES(LONGSPAN_SIZE)
#undef LONGSPAN_SIZE
#define LONGSPAN_FLAG(name) \
  if (!flag(&i.name)) return false;
    LONGSPAN_FLAGS(LONGSPAN_FLAG)
#undef LONGSPAN_FLAG
    if (short_) return false;
    return operands(i);
  }

  bool operands(Instruction& i) {
    return withInstruction(i.kind, [&](auto kind) { return decltype(kind)::check(*this, i); });
  }

  /** A tile program whose rows are of `space`; sums over lists have the rows of the instruction. */
  bool map(Instruction& i, int32_t space) {
    Map* m = new Map();
    i.map = static_cast<int32_t>(program_->maps.size());
    if (!program_->maps.resize(i.map + 1)) {
      delete m;
      return fail("out of memory");
    }
    program_->maps[i.map] = m;
    int32_t operands;
    int32_t slots;
    int32_t blocks;
    int32_t ops;
    int32_t dims;
    int32_t nests;
    if (!count(&operands) || !count(&slots) || !count(&blocks) || !count(&ops) || !count(&dims) || !count(&nests))
      return false;
    m->own = next();
    if (m->own < 0 || m->own > ops) return fail("a map of more operations than there are");
    m->widest = next();
    if (!flag(&m->uniform)) return false;
    if (m->widest < 1) return fail("a map of no width");
    if (!m->operands.resize(operands) || !m->slots.resize(slots) || !m->blocks.resize(blocks) || !m->ops.resize(ops) ||
        !m->dims.resize(dims) || !m->nests.resize(nests))
      return fail("out of memory");
    for (int32_t& s : m->slots) {
      s = next();
      if (s < 0 || s > (1 << 30)) return fail("a slot out of range");
      if (m->uniform && s % m->widest != 0) return fail("a slot of uneven width");
    }
    for (int32_t& s : m->blocks) {
      s = next();
      if (s < 0 || s > (1 << 24)) return fail("a slot out of range");
      if (m->uniform && s % m->widest != 0) return fail("a slot of uneven width");
    }
    for (Operand& o : m->operands)
      if (!operand(o, *m, i, space)) return false;
    for (MapOp& op : m->ops) {
      const int32_t kind = next();
      op.code = next();
      op.out = next();
      op.a = next();
      op.b = next();
      op.c = next();
      op.extra = next();
      op.dims = next();
      op.dimCount = next();
      op.keptCount = next();
      if (kind < 0 || kind >= static_cast<int32_t>(OpKind::count)) return fail("an unknown map operation");
      op.kind = static_cast<OpKind>(kind);
    }
    for (int32_t& d : m->dims) d = next();
    int64_t first = m->own;
    for (Nest& nest : m->nests) {
      nest.lines = next();
      nest.columns = next();
      nest.linesAtOnce = next();
      nest.count = next();
      nest.first = static_cast<int32_t>(first);
      first += nest.count;
      if (short_) return false;
      if (nest.lines < 1 || nest.columns < 1 || nest.linesAtOnce < 1 || nest.linesAtOnce > nest.lines || nest.count < 0 ||
          first > m->ops.size() || nest.size() > most)
        return fail("a nest out of range");
    }
    if (short_) return false;
    if (first != m->ops.size()) return fail("operations of no nest");
    if (m->nests.size() > 0 && (m->uniform || i.kind == Kind::segmentMap)) return fail("a nest where there is none");
    i.out = {0, 0, rowsSame};
    for (int64_t q = 0; q < m->own; q++)
      if (!operation(m->ops[q], *m)) return false;
    for (const Nest& nest : m->nests)
      for (int64_t q = nest.first; q < nest.first + nest.count; q++)
        if (!nested(m->ops[q], *m, nest)) return false;
    // A map that stores nothing has no buffer of its own; any will do for its type.
    return program_->buffers.size() > 0 ? true : fail("a map without buffers");
  }

  bool operand(Operand& o, const Map& m, const Instruction& i, int32_t space) {
    const int32_t storage = next();
    const int32_t dtype = next();
    o.size = next();
    o.slot = next();
    o.view = view();
    if (!flag(&o.written)) return false;
    const int32_t real = next();
    if (short_) return false;
    if (storage < 0 || storage >= static_cast<int32_t>(Storage::count) || dtype < 0 || dtype > 2 || o.size < 0) return fail("an operand of unknown kind");
    o.storage = static_cast<Storage>(storage);
    o.dtype = static_cast<DType>(dtype);
    if (m.uniform ? o.size != m.widest : o.size > m.widest) return fail("an operand wider than its map");
    const bool inBlock = o.storage == Storage::constant || o.storage == Storage::block;
    const Array<int32_t>& slots = inBlock ? m.blocks : m.slots;
    if (o.slot < -1 || o.slot >= slots.size()) return fail("no such slot");
    if (o.slot >= 0 && o.size * sizeOf(o.dtype) > slots[o.slot]) return fail("an operand larger than its slot");
    if (o.storage != Storage::view && o.storage != Storage::sum && o.slot < 0) return fail("an operand without a slot");
    if (o.storage == Storage::constant) {
      if (real < 0 || real >= realCount_) return fail("no such constant");
      o.value = reals_[real];
    }
    const bool summed = i.kind == Kind::segmentMap;
    if (o.storage == Storage::sum)
      return (summed ? o.written != 0 || fail("a sum that is not written") : fail("a sum without lists")) &&
             check(o.view, i.space, o.size, true) && sameType(o);
    if (o.storage != Storage::view) return true;
    if (summed && (o.written != 0 || program_->buffers.size() <= o.view.buffer || o.view.buffer < 0 ||
                   program_->buffers[o.view.buffer].role == Role::level))
      return fail("a row of a list that is written, or that only a level has");
    const bool scattered = o.view.rows >= 0 || (summed && o.view.rows == rowsSame);
    if (scattered && o.slot < 0) return fail("rows that may lie scattered without a slot");
    return check(o.view, space, o.size, o.written != 0) && sameType(o);
  }

  bool sameType(const Operand& o) {
    return typeOf(o.view) == o.dtype ? true : fail("a view of another type than its buffer");
  }

  /** How many operands an operation has. */
  static int inputsOf(OpKind kind) {
    switch (kind) {
      case OpKind::iota:
      case OpKind::nest:
        return 0;
      case OpKind::binary:
      case OpKind::ofSumOfTwo:
      case OpKind::scale:
      case OpKind::dot:
      case OpKind::addScaled:
      case OpKind::dotLines:
      case OpKind::dotAll:
      case OpKind::scaleLines:
      case OpKind::addScaledLines:
        return 2;
      case OpKind::select:
      case OpKind::mulAdd:
      case OpKind::mulAddLines:
      case OpKind::ofSum:
      case OpKind::uniform:
        return 3;
      default:
        return 1;
    }
  }

  /** What holds of all operations: their operands exist, and so do their dimensions. */
  bool hasOperands(const MapOp& op, const Map& m) {
    const int64_t n = m.operands.size();
    const int inputs = inputsOf(op.kind);
    if (op.out < 0 || op.out >= n) return fail("no such operand");
    const int32_t operands[3] = {op.a, op.b, op.c};
    for (int q = 0; q < 3; q++)
      if (q < inputs ? operands[q] < 0 || operands[q] >= n : operands[q] != -1) return fail("no such operand");
    const Operand& out = m.operands[op.out];
    const bool adds = op.kind == OpKind::addUp || op.kind == OpKind::addScaled;
    if (out.storage == Storage::constant || adds != (out.storage == Storage::sum) ||
        (out.storage == Storage::view && !out.written))
      return fail("a result that is not to be written");
    if (op.dims < 0 || op.dimCount < 0 || op.dimCount > maxRank || op.keptCount < 0 || op.keptCount > op.dimCount ||
        op.dims + 2 * static_cast<int64_t>(op.dimCount) > m.dims.size())
      return fail("dimensions out of range");
    return true;
  }

  /** An operation of a nest. A matrix is whole, or there are some lines of it. */
  bool nested(const MapOp& op, const Map& m, const Nest& nest) {
    if (!hasOperands(op, m)) return false;
    const Operand& out = m.operands[op.out];
    const int inputs = inputsOf(op.kind);
    const int32_t operands[3] = {op.a, op.b, op.c};
    const Operand* in[3] = {nullptr, nullptr, nullptr};
    for (int q = 0; q < inputs; q++) in[q] = &m.operands[operands[q]];
    const int64_t some = static_cast<int64_t>(nest.linesAtOnce) * nest.columns;
    const auto isMatrix = [&](const Operand& o) {
      const bool inBlock = o.storage == Storage::block || o.storage == Storage::constant;
      return o.size == (inBlock ? some : nest.size()) ? true : fail("a matrix of another size than its nest");
    };
    // What goes line by line takes one line for a matrix whose lines are all alike.
    const auto hasLines = [&](const Operand& o) {
      const bool isLine = o.size == nest.columns && (o.storage == Storage::scratch || o.storage == Storage::view);
      return isLine || isMatrix(o);
    };
    const auto isOutside = [&](const Operand& o) {
      return o.storage == Storage::scratch || o.storage == Storage::view ? true : fail("lines of a nest as a whole");
    };
    const int64_t outer = op.dimCount - 1;
    switch (op.kind) {
      case OpKind::unary:
      case OpKind::binary:
      case OpKind::select:
      case OpKind::mulAdd:
      case OpKind::ofSum:
      case OpKind::ofSumOfTwo:
        for (int q = 0; q < inputs; q++)
          if (!isMatrix(*in[q])) return false;
        return isMatrix(out) && elementwise(op, out, in);
      case OpKind::scale:
        if (out.dtype == DType::int32 || in[1]->size != 1) return fail("a product with more than one number, or of integers");
        return isMatrix(out) && isMatrix(*in[0]) && isOutside(*in[1]) && typed(out, *in[0]) && typed(out, *in[1]);
      case OpKind::spreadLines:
        if (outer < 1 || m.dims[op.dims + 2 * outer] != nest.columns) return fail("lines of another length");
        if (m.dims[op.dims + 2 * outer + 1] != 0 && m.dims[op.dims + 2 * outer + 1] != 1) return fail("a line with gaps");
        return isMatrix(out) && (isOutside(*in[0]) || in[0]->storage == Storage::constant) && typed(out, *in[0]) &&
               strides(op, m, 0, op.dimCount, nest.size(), op.extra, in[0]->size);
      case OpKind::addLines:
        if (outer < 1 || m.dims[op.dims + 2 * outer] != nest.columns || m.dims[op.dims + 2 * outer + 1] != 1)
          return fail("lines of another length");
        return out.dtype != DType::int32 && isMatrix(*in[0]) && isOutside(out) && typed(out, *in[0]) &&
               strides(op, m, 0, op.dimCount, nest.size(), 0, out.size);
      case OpKind::sumLines:
      case OpKind::dotLines:
        for (int q = 0; q < inputs; q++)
          if (!(op.kind == OpKind::dotLines ? hasLines(*in[q]) : isMatrix(*in[q])) || !typed(out, *in[q])) return false;
        return out.dtype != DType::int32 && out.size == nest.lines ? isOutside(out) : fail("sums of other lines");
      case OpKind::scaleLines:
      case OpKind::mulAddLines:
      case OpKind::addScaledLines: {
        for (int q = 0; q < inputs; q++)
          if ((q != 1 && !hasLines(*in[q])) || !typed(out, *in[q])) return false;
        if (op.kind == OpKind::addScaledLines && !isMatrix(*in[0])) return false;
        if (out.dtype == DType::int32 || in[1]->size != nest.lines) return fail("a product with other lines, or of integers");
        const bool sums = op.kind == OpKind::addScaledLines;
        if (sums && out.size != nest.columns) return fail("sums of other columns");
        return (sums ? isOutside(out) : isMatrix(out)) && isOutside(*in[1]);
      }
      case OpKind::dotAll:
        for (int q = 0; q < inputs; q++)
          if (!isMatrix(*in[q]) || !typed(out, *in[q])) return false;
        return out.dtype != DType::int32 && out.size == 1 ? isOutside(out) : fail("a sum that is no number");
      default:
        return fail("an operation that nests have not");
    }
  }

  /** Codes and types of an operation element by element. */
  bool elementwise(const MapOp& op, const Operand& out, const Operand* const* in) {
    switch (op.kind) {
      case OpKind::unary:
        if (op.code < 0 || op.code >= static_cast<int32_t>(Unary::count)) return fail("an unknown unary code");
        return op.code == static_cast<int32_t>(Unary::cast) || typed(out, *in[0]);
      case OpKind::binary:
        if (op.code < 0 || op.code >= static_cast<int32_t>(Binary::count)) return fail("an unknown binary code");
        if (compares(static_cast<Binary>(op.code)))
          return typed(*in[0], *in[1]) && (out.dtype == DType::int32 || fail("a comparison that is not int32"));
        if (isForFloats(static_cast<Binary>(op.code)) && out.dtype == DType::int32)
          return fail("a code that integers have not");
        return typed(*in[0], *in[1]) && typed(out, *in[0]);
      case OpKind::select:
        return typed(out, *in[1]) && typed(out, *in[2]);
      case OpKind::mulAdd:
        if (out.dtype == DType::int32) return fail("mulAdd of integers");
        return typed(out, *in[0]) && typed(out, *in[1]) && typed(out, *in[2]);
      case OpKind::ofSum:
        if (op.code != static_cast<int32_t>(Unary::sigmoid) && op.code != static_cast<int32_t>(Unary::tanh))
          return fail("an unknown function of a sum");
        if (out.dtype != DType::float32) return fail("a function of a sum that is not float32");
        return typed(out, *in[0]) && typed(out, *in[1]) && typed(out, *in[2]);
      case OpKind::ofSumOfTwo:
        if (op.code != static_cast<int32_t>(Unary::sigmoid) && op.code != static_cast<int32_t>(Unary::tanh))
          return fail("an unknown function of a sum");
        if (out.dtype != DType::float32) return fail("a function of a sum that is not float32");
        return typed(out, *in[0]) && typed(out, *in[1]);
      default:
        return fail("an unknown map operation");
    }
  }

  bool operation(const MapOp& op, const Map& m) {
    if (op.kind == OpKind::nest) return op.extra >= 0 && op.extra < m.nests.size() ? true : fail("no such nest");
    if (!hasOperands(op, m)) return false;
    const int inputs = inputsOf(op.kind);
    const int32_t operands[3] = {op.a, op.b, op.c};
    const Operand& out = m.operands[op.out];
    const bool inStep = op.kind <= OpKind::select || op.kind == OpKind::mulAdd || op.kind == OpKind::ofSum ||
                        op.kind == OpKind::ofSumOfTwo || op.kind == OpKind::addUp;
    if (m.uniform && !inStep) return fail("a movement in a uniform map");
    if (inStep)
      for (int q = 0; q < inputs; q++)
        if (m.operands[operands[q]].size != out.size) return fail("operands of different sizes");
    const Operand* in[3] = {nullptr, nullptr, nullptr};
    for (int q = 0; q < inputs; q++) {
      in[q] = &m.operands[operands[q]];
      if (in[q]->storage == Storage::sum) return fail("a sum that is read");
      if (in[q]->storage == Storage::block) return fail("lines of a nest as a whole");
    }
    if (out.storage == Storage::block) return fail("lines of a nest as a whole");
    switch (op.kind) {
      case OpKind::copy:
        return typed(out, *in[0]);
      case OpKind::unary:
      case OpKind::binary:
      case OpKind::select:
      case OpKind::mulAdd:
      case OpKind::ofSum:
      case OpKind::ofSumOfTwo:
        return elementwise(op, out, in);
      case OpKind::scale:
      case OpKind::addScaled:
        if (out.dtype == DType::int32 || in[0]->size != out.size || in[1]->size != 1)
          return fail("a product with more than one number, or of integers");
        return typed(out, *in[0]) && typed(out, *in[1]);
      case OpKind::dot:
        if (out.dtype == DType::int32 || in[0]->size != in[1]->size || out.size != 1)
          return fail("a sum of products of different sizes, or of integers");
        return typed(out, *in[0]) && typed(out, *in[1]);
      case OpKind::addUp:
        return typed(out, *in[0]);
      case OpKind::move:
        return typed(out, *in[0]) && strides(op, m, 0, op.dimCount, out.size, op.extra, in[0]->size);
      case OpKind::insert:
        return typed(out, *in[0]) && strides(op, m, 0, op.dimCount, in[0]->size, op.extra, out.size);
      case OpKind::iota:
        return op.extra >= 1 && op.code >= 1 ? true : fail("an axis of no length");
      case OpKind::reduce:
        if (op.code < 0 || op.code >= static_cast<int32_t>(Reduce::count)) return fail("an unknown reduction");
        if (op.code == static_cast<int32_t>(Reduce::argmax) ? out.dtype != DType::int32 : out.dtype != in[0]->dtype)
          return fail("a reduction of another type");
        return strides(op, m, 0, op.keptCount, out.size, 0, -1) && strides(op, m, 0, op.dimCount, -1, 0, in[0]->size);
      case OpKind::uniform:
        if (out.dtype == DType::int32) return fail("uniform integers");
        for (const Operand* o : in)
          if (o->dtype != DType::int32 || o->size < (o == in[0] ? 2 : 1)) return fail("a key that is not int32");
        return true;
      default:
        return fail("an unknown map operation");
    }
  }

  bool typed(const Operand& a, const Operand& b) {
    return a.dtype == b.dtype ? true : fail("operands of different types");
  }

  /** Dimensions hold `elements` (unless negative), and all offsets from `base` on lie in [0, size) (unless negative). */
  bool strides(const MapOp& op, const Map& m, int32_t from, int32_t to, int64_t elements, int64_t base, int64_t size) {
    int64_t total = 1;
    int64_t low = base;
    int64_t high = base;
    for (int32_t d = from; d < to; d++) {
      const int64_t extent = m.dims[op.dims + 2 * d];
      const int64_t stride = m.dims[op.dims + 2 * d + 1];
      if (extent < 0) return fail("a negative extent");
      total = times(total, extent);
      if (extent > 1) (stride < 0 ? low : high) += (extent - 1) * stride;
    }
    if (elements >= 0 && total != elements) return fail("dimensions that do not hold the elements");
    if (size >= 0 && total > 0 && (low < 0 || high >= size)) return fail("elements beyond the operand");
    return true;
  }

  const int32_t* at_;
  const int32_t* end_;
  const double* reals_;
  int64_t realCount_;
};

}  // namespace

Program* parseProgram(const int32_t* ints, int64_t intCount, const double* reals, int64_t realCount, const char** error) {
  Parser parser(ints, intCount, reals, realCount);
  Program* program = parser.parse();
  if (program == nullptr) *error = parser.error;
  return program;
}

}  // namespace longspan
