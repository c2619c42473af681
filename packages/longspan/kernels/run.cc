// The executor for one instruction set: the same source is compiled once for each, in a namespace of its own.
#define LONGSPAN_RUNS
#include "worker.h"

namespace longspan {
namespace LONGSPAN_ISA {

class Runner {
 public:
  Runner(const RunArguments& arguments, const ExecutionPlan& execution, char* const* memory)
      : arguments_(arguments), execution_(execution), program_(*arguments.scheduled->program), memory_(memory) {}

  Status run() {
    Status status = groups(0);
    if (status == Status::ok && program_.regions[1].size() > 0) status = loop();
    return status == Status::ok ? groups(1) : status;
  }

 private:
  Workspace& workspace(int32_t which) const { return *arguments_.workspaces->threads[which]; }

  Status groups(int side) {
    for (const Group& g : execution_.groups[side]) {
      const Status status = group(side, g);
      if (status != Status::ok) return status;
    }
    return Status::ok;
  }

  Status group(int side, const Group& g) {
    list_.region = program_.regions[2 * side].begin();
    list_.numbers = execution_.order[side].begin() + g.begin;
    list_.count = g.end - g.begin;
    const int64_t rows = arguments_.scheduled->counts[list_.region[list_.numbers[0]].space];
    const bool large = g.cost * static_cast<double>(rows) >= arguments_.leastShared;
    parts_ = g.byRows && large && rows >= 2 * arguments_.threads ? arguments_.threads : 1;
    rows_ = rows;
    return together(list_, List{}, [](Worker& worker, Runner& self, int32_t which) {
      const int64_t begin = self.rows_ * which / self.parts_;
      return worker.group(self.list_, {begin, self.rows_ * (which + 1) / self.parts_});
    });
  }

  Status loop() {
    early_ = {program_.regions[0].begin(), execution_.early.begin(), execution_.early.size()};
    late_ = {program_.regions[2].begin(), execution_.late.begin(), execution_.late.size()};
    parts_ = execution_.byColumns ? arguments_.threads : static_cast<int32_t>(execution_.parts.size());
    if (parts_ > 1)
      for (const Instruction& i : program_.regions[1])
        if (isPacked(i)) {
          const Status status = prepare(i);
          if (status != Status::ok) return status;
        }
    return together(early_, late_, [](Worker& worker, Runner& self, int32_t which) {
      if (self.execution_.byColumns) worker.share(which, self.parts_);
      return worker.loop(*self.execution_.parts[self.execution_.byColumns ? 0 : which], self.execution_.passing, self.early_, self.late_);
    });
  }

  Status prepare(const Instruction& i) const {
    const Bound bound = {*arguments_.scheduled, memory_, {}};
    return Products(bound, arguments_, workspace(0)).prepare(i);
  }

  typedef Status (*PartFunction)(Worker&, Runner&, int32_t);

  /** Does the work of each part on a thread of its own; sums over rows are formed by part, then added in the order of parts. */
  Status together(const List& first, const List& second, PartFunction work) {
    work_ = work;
    Array<int32_t> sums;
    if (parts_ > 1 && !(ready(first, sums) && ready(second, sums))) return Status::noMemory;
    sums_ = &sums;
    for (int32_t p = 0; p < parts_; p++) statuses_[p] = Status::ok;
    each([](void* self, int32_t which) { static_cast<Runner*>(self)->part(which); });
    for (int32_t p = 0; p < parts_; p++)
      if (statuses_[p] != Status::ok) {
        *arguments_.failure = failures_[p];
        return statuses_[p];
      }
    if (sums.size() > 0) each([](void* self, int32_t which) { static_cast<Runner*>(self)->addUp(which); });
    return Status::ok;
  }

  /** Packs what several threads read, and lists the buffers of sums, each once. */
  bool ready(const List& list, Array<int32_t>& sums) const {
    for (int64_t q = 0; q < list.count; q++) {
      const Instruction& i = list[q];
      if (isPacked(i) && prepare(i) != Status::ok) return false;
      bool known = !isSum(i);
      for (const int32_t b : sums) known = known || b == i.out.buffer;
      if (known) continue;
      if (!sums.resize(sums.size() + 1)) return false;
      sums[sums.size() - 1] = i.out.buffer;
    }
    return true;
  }

  void each(void (*work)(void*, int32_t)) {
    if (parts_ > 1 && arguments_.pool != nullptr)
      arguments_.pool->each(arguments_.pool, parts_, work, this);
    else
      for (int32_t p = 0; p < parts_; p++) work(this, p);
  }

  void part(int32_t which) {
    Worker worker(arguments_, workspace(which), &failures_[which]);
    Status status = worker.begin(memory_, which > 0 ? *sums_ : none_);
    if (status == Status::ok) status = work_(worker, *this, which);
    statuses_[which] = status;
  }

  /** Adds the sums of the other parts to the first's: each thread takes its share of the elements. */
  void addUp(int32_t which) {
    for (const int32_t b : *sums_) {
      const DType dtype = program_.buffers[b].dtype;
      const int64_t n = arguments_.scheduled->rows[b] * program_.buffers[b].columns;
      const int64_t begin = n * which / parts_;
      const int64_t count = n * (which + 1) / parts_ - begin;
      for (int32_t p = 1; p < parts_; p++) {
        const char* from = Worker::sumOf(*arguments_.scheduled, *sums_, b, workspace(p));
        withType(dtype, [&](auto type) {
          typedef LONGSPAN_TYPE(type) T;
          addRow(reinterpret_cast<T*>(memory_[b]) + begin, reinterpret_cast<const T*>(from) + begin, count);
        });
      }
    }
  }

  const RunArguments& arguments_;
  const ExecutionPlan& execution_;
  const Program& program_;
  char* const* memory_;
  List list_{};
  List early_{};
  List late_{};
  int64_t rows_ = 0;
  int32_t parts_ = 1;
  PartFunction work_ = nullptr;
  const Array<int32_t> none_{};
  const Array<int32_t>* sums_ = nullptr;
  Status statuses_[mostThreads];
  Failure failures_[mostThreads];
};

namespace {

Status run(const RunArguments& arguments) {
  const ScheduledProgram& scheduled = *arguments.scheduled;
  const Program& program = *scheduled.program;
  const int64_t buffers = program.buffers.size();
  const ExecutionPlan* execution = executionPlanOf(*arguments.scheduled, arguments.threads, arguments.leastShared);
  if (execution == nullptr || !arguments.workspaces->reserve(arguments.threads)) return Status::noMemory;
  char* space = arguments.workspaces->temporaries.reserve(execution->bytes + buffers * static_cast<int64_t>(sizeof(char*)));
  if (space == nullptr) return Status::noMemory;
  arguments.workspaces->runs += 1;
  char** memory = reinterpret_cast<char**>(space + execution->bytes);
  for (int64_t b = 0; b < buffers; b++) {
    const Buffer& buffer = program.buffers[b];
    const int64_t bytes = sizeOf(buffer.dtype);
    // A buffer that each part has for itself gets its offset there.
    memory[b] = isBound(buffer.role) ? arguments.bindings[b].memory->data + arguments.bindings[b].offset * bytes
                                     : space + (execution->offsets[b] < 0 ? 0 : execution->offsets[b]);
    if (buffer.clearHead) {
      const int64_t rows = scheduled.headRows < scheduled.rows[b] ? scheduled.headRows : scheduled.rows[b];
      __builtin_memset(memory[b], 0, static_cast<size_t>(rows * buffer.columns * bytes));
    }
  }
  return Runner(arguments, *execution, memory).run();
}

void trial(float* memory) {
  constexpr int64_t rows = 64;
  constexpr int64_t depth = 512;
  constexpr int64_t columns = 256;
  float* right = memory + rows * depth;
  gemmPacked<float>(rows, columns, depth, memory, depth, right, right + depth * columns, columns, false);
}

#if defined(__FMA__) || defined(__aarch64__)
constexpr int32_t fused = 1;
#else
constexpr int32_t fused = 0;
#endif

}  // namespace

#define LONGSPAN_TEXT2(x) #x
#define LONGSPAN_TEXT(x) LONGSPAN_TEXT2(x)
extern const Kernels kernels;
const Kernels kernels = {LONGSPAN_TEXT(LONGSPAN_ISA), run, trial, fused};

}  // namespace LONGSPAN_ISA
}  // namespace longspan
