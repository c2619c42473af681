// Runs recorded programs outside a JavaScript engine, for sanitizers and emulators: each on memory of exactly its size, on one
// thread and then on three (and on packed operands of the first run), against the recorded results. Then disturbs programs and
// schedules at random: each is refused, or runs within its memory. The recording is made by tests/kernels-replayed.test.ts.
// replay FILE SETS DISTURBED   (SETS: names of instruction sets, with commas)
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <memory>
#include <string>
#include <vector>

#include "../thread-pool.h"

namespace longspan {
#define LONGSPAN_SET(name) \
  namespace name {         \
  extern const Kernels kernels; \
  }
LONGSPAN_SETS
#undef LONGSPAN_SET
}  // namespace longspan

using namespace longspan;

namespace {

const Kernels* const sets[] = {
#define LONGSPAN_SET(name) &name::kernels,
    LONGSPAN_SETS
#undef LONGSPAN_SET
};

struct Case {
  std::vector<int32_t> ints;
  std::vector<int32_t> schedule;
  std::vector<double> reals;
  std::vector<std::vector<char>> before;
  std::vector<std::vector<char>> after;
  /** By buffer: a memory, or -1, and the first element. */
  std::vector<int32_t> bound;
};

[[noreturn]] void stop(const std::string& message) {
  fprintf(stderr, "%s\n", message.c_str());
  exit(1);
}

template <class T>
std::vector<T> take(FILE* file, int64_t count) {
  std::vector<T> list(static_cast<size_t>(count));
  if (fread(list.data(), sizeof(T), list.size(), file) != list.size()) stop("a recording that ends early");
  return list;
}

std::vector<Case> readAll(const char* name) {
  FILE* file = fopen(name, "rb");
  if (file == nullptr) stop(std::string("no recording ") + name);
  std::vector<Case> cases(static_cast<size_t>(take<int32_t>(file, 1)[0]));
  for (Case& c : cases) {
    const std::vector<int32_t> counts = take<int32_t>(file, 5);
    c.ints = take<int32_t>(file, counts[0]);
    c.schedule = take<int32_t>(file, counts[1]);
    c.reals = take<double>(file, counts[2]);
    c.bound = take<int32_t>(file, 2 * static_cast<int64_t>(counts[4]));
    for (int32_t m = 0; m < counts[3]; m++) {
      const int32_t bytes = take<int32_t>(file, 1)[0];
      c.before.push_back(take<char>(file, bytes));
      c.after.push_back(take<char>(file, bytes));
    }
  }
  fclose(file);
  return cases;
}

/** What a case is bound to: each memory is allocated by itself, so that a byte beyond it is found. */
struct Memories {
  std::vector<std::unique_ptr<char[]>> data;
  std::vector<Memory> list;

  explicit Memories(const Case& c) {
    for (const std::vector<char>& bytes : c.before) {
      data.emplace_back(new char[bytes.size()]);
      if (!bytes.empty()) memcpy(data.back().get(), bytes.data(), bytes.size());
      list.push_back({data.back().get(), static_cast<int64_t>(bytes.size()), 1});
    }
  }
};

/** As at the addon's boundary. False if a binding does not hold its buffer. */
bool bind(const ScheduledProgram& scheduled, const Case& c, Memories& memories, std::vector<Binding>& bindings) {
  const Program& program = *scheduled.program;
  const int64_t buffers = program.buffers.size();
  bindings.assign(static_cast<size_t>(buffers), Binding{nullptr, 0});
  for (int64_t b = 0; b < buffers; b++) {
    if (!isBound(program.buffers[b].role)) continue;
    const size_t at = 2 * static_cast<size_t>(b);
    if (at + 1 >= c.bound.size() || c.bound[at] < 0) return false;
    Memory& memory = memories.list[static_cast<size_t>(c.bound[at])];
    const int64_t elements = scheduled.rows[b] * program.buffers[b].columns;
    if ((c.bound[at + 1] + elements) * sizeOf(program.buffers[b].dtype) > memory.bytes) return false;
    bindings[static_cast<size_t>(b)] = {&memory, c.bound[at + 1]};
  }
  return true;
}

template <class T>
double distance(const char* a, const char* b, int64_t count) {
  double worst = 0;
  double size = 1;
  for (int64_t i = 0; i < count; i++) {
    T x, y;
    memcpy(&x, a + i * static_cast<int64_t>(sizeof(T)), sizeof(T));
    memcpy(&y, b + i * static_cast<int64_t>(sizeof(T)), sizeof(T));
    const double d = fabs(static_cast<double>(x) - static_cast<double>(y));
    if (fabs(static_cast<double>(y)) > size) size = fabs(static_cast<double>(y));
    if (memcmp(&x, &y, sizeof(T)) != 0 && !(x != x && y != y)) worst = d <= worst ? worst : d == d ? d : INFINITY;
  }
  return worst / size;
}

void compare(const Kernels& kernels, size_t number, const ScheduledProgram& scheduled, const Case& c, const Memories& memories) {
  for (int64_t b = 0; b < scheduled.program->buffers.size(); b++) {
    const Buffer& buffer = scheduled.program->buffers[b];
    if (buffer.role != Role::output) continue;
    const size_t m = static_cast<size_t>(c.bound[2 * static_cast<size_t>(b)]);
    const int64_t first = c.bound[2 * static_cast<size_t>(b) + 1] * sizeOf(buffer.dtype);
    const char* ours = memories.list[m].data + first;
    const char* theirs = c.after[m].data() + first;
    const int64_t count = scheduled.rows[b] * buffer.columns;
    const double error = buffer.dtype == DType::int32     ? distance<int32_t>(ours, theirs, count)
                         : buffer.dtype == DType::float64 ? distance<double>(ours, theirs, count)
                                                          : distance<float>(ours, theirs, count);
    const double allowed = buffer.dtype == DType::int32 ? 0 : buffer.dtype == DType::float64 ? 1e-11 : 5e-5;
    if (!(error <= allowed))
      stop(std::string(kernels.name) + ": program " + std::to_string(number) + ", buffer " + std::to_string(b) +
           " is off by " + std::to_string(error));
  }
}

/** What runs share. */
struct Shared {
  Workspaces workspaces;
  ThreadPool* pool = makeThreadPool();
  ~Shared() { dropThreadPool(pool); }
};

constexpr int32_t threads = 3;

/** With every piece of work shared out, however small. */
Status runOn(int32_t count, const Kernels& kernels, ScheduledProgram& scheduled, const std::vector<Binding>& bindings, Shared& shared) {
  Failure failure;
  if (!shared.workspaces.reserve(count)) stop("no memory for workspaces");
  return kernels.run({&scheduled, bindings.data(), &shared.workspaces, count, 0, shared.pool, &failure});
}

void replay(const Kernels& kernels, size_t number, const Case& c, Shared& shared) {
  const char* error = "";
  std::unique_ptr<Program> program(parseProgram(c.ints.data(), static_cast<int64_t>(c.ints.size()), c.reals.data(),
                                                static_cast<int64_t>(c.reals.size()), &error));
  if (!program) stop(std::string("a recorded program was refused: ") + error);
  std::unique_ptr<ScheduledProgram> scheduled(scheduleProgram(program.get(), c.schedule.data(), static_cast<int64_t>(c.schedule.size()), &error));
  if (!scheduled) stop(std::string("a recorded schedule was refused: ") + error);
  Memories memories(c);
  std::vector<Binding> bindings;
  if (!bind(*scheduled, c, memories, bindings)) stop("a recorded binding was refused");
  for (const int32_t count : {1, threads}) {
    for (size_t m = 0; m < c.before.size(); m++)
      if (!c.before[m].empty()) memcpy(memories.list[m].data, c.before[m].data(), c.before[m].size());
    if (runOn(count, kernels, *scheduled, bindings, shared) != Status::ok) stop("a recorded run failed");
    compare(kernels, number, *scheduled, c, memories);
  }
}

struct Dice {
  uint32_t state = 12345;
  int32_t below(int64_t n) {
    state = state * 1664525 + 1013904223;
    return static_cast<int32_t>((static_cast<uint64_t>(state) * static_cast<uint64_t>(n)) >> 32);
  }
};

std::vector<int32_t> disturbed(std::vector<int32_t> list, Dice& dice) {
  static const int32_t strange[] = {0, 1, -1, 2, 3, 7, 255, 65536, 1 << 30, 2147483647, -2147483647 - 1, 1000};
  if (dice.below(20) == 0) list.resize(static_cast<size_t>(dice.below(static_cast<int64_t>(list.size()) + 1)));
  // A copy of exactly its size, so that a number beyond it is found.
  for (int32_t n = dice.below(3); n > 0 && !list.empty(); n--)
    list[static_cast<size_t>(dice.below(static_cast<int64_t>(list.size())))] =
        dice.below(2) ? strange[dice.below(12)] : dice.below(12) - 2;
  list.shrink_to_fit();
  return list;
}

/** Programs of many rows are allowed, and would take long. */
bool isLarge(const ScheduledProgram& scheduled) {
  int64_t elements = 0;
  for (int64_t b = 0; b < scheduled.program->buffers.size(); b++) elements += scheduled.rows[b] * scheduled.program->buffers[b].columns;
  return elements > (1 << 22);
}

/** Prints how many disturbed programs were refused, and how many ran. */
void disturb(const Kernels& kernels, const std::vector<Case>& cases, int32_t times, Shared& shared) {
  Dice dice;
  int32_t refused = 0;
  int32_t ran = 0;
  for (int32_t t = 0; t < times; t++) {
    const Case& c = cases[static_cast<size_t>(dice.below(static_cast<int64_t>(cases.size())))];
    const std::vector<int32_t> ints = disturbed(c.ints, dice);
    const std::vector<int32_t> schedule = disturbed(c.schedule, dice);
    const char* error = "";
    std::unique_ptr<Program> program(parseProgram(ints.data(), static_cast<int64_t>(ints.size()), c.reals.data(),
                                                  static_cast<int64_t>(c.reals.size()), &error));
    std::unique_ptr<ScheduledProgram> scheduled(
        program ? scheduleProgram(program.get(), schedule.data(), static_cast<int64_t>(schedule.size()), &error) : nullptr);
    Memories memories(c);
    std::vector<Binding> bindings;
    if (!scheduled || isLarge(*scheduled) || !bind(*scheduled, c, memories, bindings)) {
      refused++;
      continue;
    }
    runOn(dice.below(2) ? 1 : threads, kernels, *scheduled, bindings, shared);
    ran++;
  }
  printf("%s: %d disturbed programs refused, %d ran\n", kernels.name, refused, ran);
}

}  // namespace

int main(int count, char** given) {
  if (count != 4) stop("replay FILE SETS DISTURBED");
  const std::vector<Case> cases = readAll(given[1]);
  const std::string wanted = std::string(",") + given[2] + ",";
  for (const Kernels* kernels : sets) {
    if (wanted.find(std::string(",") + kernels->name + ",") == std::string::npos) continue;
    Shared shared;
    for (size_t i = 0; i < cases.size(); i++) replay(*kernels, i, cases[i], shared);
    printf("%s: %zu programs give the recorded results\n", kernels->name, cases.size());
    disturb(*kernels, cases, atoi(given[3]), shared);
  }
}
