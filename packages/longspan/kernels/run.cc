// The executor for one instruction set: the same source is compiled once for each, in a namespace of its own.
#include "groups.h"
#include "products.h"
#include "run-map.h"

namespace longspan {
namespace LONGSPAN_ISA {

class Executor {
 public:
  Executor(const RunArguments& arguments, char* const* memory)
      : arguments_(arguments), plan_(*arguments.plan), bound_{plan_, memory, 0}, products_(bound_, arguments) {}

  Status run() {
    const Program& program = *plan_.program;
    Status status = whole(program.regions[0]);
    if (program.regions[1].size() > 0)
      for (int32_t level = 0; level < plan_.levels && status == Status::ok; level++) status = loop(level);
    return status == Status::ok ? whole(program.regions[2]) : status;
  }

 private:
  Status whole(const Array<Instruction>& region) {
    const Program& program = *plan_.program;
    for (int64_t first = 0; first < region.size();) {
      const int64_t n = groupLength(program, region, first);
      const Status status = group(region.begin() + first, n);
      if (status != Status::ok) return status;
      first += n;
    }
    return Status::ok;
  }

  /** Runs instructions together by blocks of rows. The rows' sums are formed in the same order as without blocks. */
  Status group(const Instruction* list, int64_t n) {
    const int64_t rows = plan_.counts[list[0].space];
    const bool edges = list[0].space == spaceEdge;
    const int64_t step = n == 1 || rows <= outerRows ? rows : outerRows;
    for (int64_t r = 0; r == 0 || r < rows; r += step) {
      const int64_t end = r + step < rows ? r + step : rows;
      products_.forget();
      for (int64_t q = 0; q < n; q++) {
        Instruction i = list[q];
        const bool sums = i.kind == Kind::outerSum || i.kind == Kind::sumRows;
        if (sums && r > 0) i.accumulate = 1;
        if (i.kind == Kind::outerSum && isWritten(*plan_.program, list, n, i.b)) products_.forget();
        const Status status = execute(i, {r, end, -1, edges});
        if (status != Status::ok) return status;
      }
      if (rows == 0) break;
    }
    products_.forget();
    return Status::ok;
  }

  Status loop(int32_t level) {
    for (const Instruction& i : plan_.program->regions[1]) {
      const bool edges = i.space == spaceEdge;
      const int64_t begin = (edges ? plan_.edgeBegin : plan_.nodeBegin)[level];
      const int64_t end = (edges ? plan_.edgeEnd : plan_.nodeEnd)[level];
      bound_.levelBegin = begin;
      const Status status = execute(i, {begin, end, level, edges});
      if (status != Status::ok) return status;
    }
    return Status::ok;
  }

  Status execute(const Instruction& i, const Span& span) {
    const DType dtype = plan_.program->buffers[i.out.buffer].dtype;
    Status status = Status::ok;
    switch (i.kind) {
      case Kind::gemm:
      case Kind::outerSum:
      case Kind::batchedMatmul:
        return products_.run(i, span);
      case Kind::map:
        return MapRun(bound_, *plan_.program->maps[i.map], *arguments_.workspace).run(span);
      case Kind::sumRows:
        withType(dtype, [&](auto type) { status = sum<LONGSPAN_TYPE(type)>(i, span); });
        return status;
      case Kind::segmentSum:
        withType(dtype, [&](auto type) { segmentSum<LONGSPAN_TYPE(type)>(bound_, i, span); });
        return status;
      case Kind::gather:
        withType(dtype,
                 [&](auto type) { status = gather<LONGSPAN_TYPE(type)>(bound_, i, span, *arguments_.failure); });
        return status;
      case Kind::indexSum:
        withType(dtype,
                 [&](auto type) { status = indexSum<LONGSPAN_TYPE(type)>(bound_, i, span, *arguments_.failure); });
        return status;
      case Kind::count:
        break;
    }
    return status;
  }

  template <class T>
  Status sum(const Instruction& i, const Span& span) {
    const Run run = bound_.run(i.a, span);
    T* out = bound_.at<T>(i.out, 0);
    if (run.step >= 0) {
      sumRows<T>(out, bound_.at<const T>(i.a, run.first), run.step * bound_.columns(i.a), span.end - span.begin,
                 i.columns, i.accumulate != 0);
      return Status::ok;
    }
    if (!i.accumulate) __builtin_memset(out, 0, static_cast<size_t>(i.columns) * sizeof(T));
    for (int64_t r = span.begin; r < span.end; r++) addRow(out, bound_.at<const T>(i.a, bound_.rowOf(i.a, r)), i.columns);
    return Status::ok;
  }

  const RunArguments& arguments_;
  const Plan& plan_;
  Bound bound_;
  Products products_;
};

namespace {

Status run(const RunArguments& arguments) {
  const Plan& plan = *arguments.plan;
  const Program& program = *plan.program;
  const int64_t buffers = program.buffers.size();
  char* space = arguments.workspace->temporaries.reserve(plan.workspace + buffers * static_cast<int64_t>(sizeof(char*)));
  if (space == nullptr) return Status::noMemory;
  char** memory = reinterpret_cast<char**>(space + plan.workspace);
  for (int64_t b = 0; b < buffers; b++) {
    const Buffer& buffer = program.buffers[b];
    const int64_t bytes = sizeOf(buffer.dtype);
    memory[b] = plan.place[b] >= 0
                    ? space + plan.place[b]
                    : arguments.bindings[b].memory->data + arguments.bindings[b].offset * bytes;
    if (buffer.clearHead) {
      const int64_t rows = plan.headRows < plan.rows[b] ? plan.headRows : plan.rows[b];
      __builtin_memset(memory[b], 0, static_cast<size_t>(rows * buffer.columns * bytes));
    }
  }
  return Executor(arguments, memory).run();
}

}  // namespace

#define LONGSPAN_TEXT2(x) #x
#define LONGSPAN_TEXT(x) LONGSPAN_TEXT2(x)
extern const Kernels kernels;
const Kernels kernels = {LONGSPAN_TEXT(LONGSPAN_ISA), run};

}  // namespace LONGSPAN_ISA
}  // namespace longspan
