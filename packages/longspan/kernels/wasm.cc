// The kernels as a WebAssembly module: the same checks as at the addon's boundary, with addresses in linear memory.
#include "program.h"
#include "wasm-threads.h"

namespace longspan {
namespace wasm {
extern const Kernels kernels;
}

namespace {

extern "C" unsigned char __heap_base;

/** Freed blocks by size class: (4..7) x 2^n bytes. Each block has its class in the 16 bytes before it. */
constexpr int classes = 4 * 32;
void* freeLists[classes];
uintptr_t top = 0;

/** Threads take memory one at a time. It is soon done, and a page's own thread could not sleep anyway. */
int32_t taken = 0;
struct Turn {
  Turn() {
    while (__atomic_exchange_n(&taken, 1, __ATOMIC_SEQ_CST) != 0) continue;
  }
  ~Turn() { __atomic_store_n(&taken, 0, __ATOMIC_SEQ_CST); }
};

int classOf(size_t bytes) {
  int shift = 0;
  while ((bytes >> shift) > 7) shift++;
  size_t lead = (bytes + (size_t{1} << shift) - 1) >> shift;
  if (lead > 7) {
    shift++;
    lead = 4;
  }
  return 4 * shift + static_cast<int>(lead < 4 ? 0 : lead - 4);
}

size_t bytesOf(int size) { return static_cast<size_t>(4 + size % 4) << (size / 4); }

}  // namespace

/** Kept for small blocks, so that what only makes a note of things does not fail. */
constexpr uint64_t forSmall = 4 << 20;
constexpr size_t small = 1 << 16;

/** The next larger block that was freed. */
void* larger(int size) {
  while (++size < classes)
    if (void* block = freeLists[size]) {
      freeLists[size] = *static_cast<void**>(block);
      return block;
    }
  return nullptr;
}

extern "C" void* malloc(size_t bytes) noexcept {
  if (bytes > (size_t{3} << 30)) return nullptr;
  const int size = classOf(bytes < 16 ? 16 : bytes);
  const Turn turn;
  if (void* block = freeLists[size]) {
    freeLists[size] = *static_cast<void**>(block);
    return block;
  }
  if (top == 0) top = (reinterpret_cast<uintptr_t>(&__heap_base) + 63) / 64 * 64;
  const size_t wanted = (bytesOf(size) + 16 + 63) / 64 * 64;
  const uint64_t end = static_cast<uint64_t>(top) + wanted;
  const uint64_t there = static_cast<uint64_t>(__builtin_wasm_memory_size(0)) << 16;
  if (end > there) {
    const uint64_t pages = (end - there + 65535) >> 16;
    const uint64_t most = (uint64_t{1} << 32) - (bytes > small ? forSmall : 0);
    if (end > most || __builtin_wasm_memory_grow(0, static_cast<size_t>(pages)) == static_cast<size_t>(-1))
      return larger(size);
  }
  char* block = reinterpret_cast<char*>(top) + 16;
  *reinterpret_cast<int*>(block - 16) = size;
  top += wanted;
  return block;
}

extern "C" void free(void* memory) noexcept {
  if (memory == nullptr) return;
  const int size = *reinterpret_cast<int*>(static_cast<char*>(memory) - 16);
  const Turn turn;
  *static_cast<void**>(memory) = freeLists[size];
  freeLists[size] = memory;
}

namespace {

Array<Memory*> memories;
Array<Program*> programs;
Array<ScheduledProgram*> scheduledPrograms;
Array<Binding> bindings;
Workspaces shared;
Failure failure;
const char* lastError = "";
int32_t threadCount = 1;
double leastShared = 0;

/** No index of `memories` before it is free: there may be very many. */
int64_t freeMemory = 0;
uint64_t memoriesMade = 0;

template <class T>
int32_t keep(Array<T*>& list, T* thing, int64_t i = 0) {
  while (i < list.size() && list[i] != nullptr) i++;
  if (i == list.size() && !list.resize(i + 1)) return -1;
  list[i] = thing;
  return static_cast<int32_t>(i);
}

template <class T>
T* find(const Array<T*>& list, int32_t id) {
  return id >= 0 && id < list.size() ? list[id] : nullptr;
}

int32_t fail(const char* message) {
  lastError = message;
  return -1;
}

}  // namespace

#define LONGSPAN_EXPORT(name) extern "C" __attribute__((export_name(#name)))

/** Counts the changes of what is exported and of how programs and schedules are encoded, as src/executors/wasm/host.ts does. */
LONGSPAN_EXPORT(interfaceVersion) int32_t interfaceVersion() { return 2; }

LONGSPAN_EXPORT(error) const char* errorText() { return lastError; }
LONGSPAN_EXPORT(failure) const Failure* failureAt() { return &failure; }

/** Memory for arguments, in bytes. */
LONGSPAN_EXPORT(reserve) void* reserve(int32_t bytes) { return malloc(static_cast<size_t>(bytes)); }
LONGSPAN_EXPORT(release) void release(void* memory) { free(memory); }

LONGSPAN_EXPORT(allocate) int32_t allocate(double bytes) {
  if (!(bytes >= 0 && bytes < 3e9)) return fail("allocate: a size out of range");
  Memory* memory = new Memory();
  memory->data = static_cast<char*>(malloc(static_cast<size_t>(bytes)));
  memory->bytes = static_cast<int64_t>(bytes);
  // A pack is known by where it was made from and in which version: no two memories have one in common.
  memory->version = ++memoriesMade << 32;
  if (memory->data == nullptr) {
    delete memory;
    return fail("out of memory");
  }
  __builtin_memset(memory->data, 0, static_cast<size_t>(bytes));
  const int32_t id = keep(memories, memory, freeMemory);
  if (id >= 0) freeMemory = id + 1;
  return id;
}

LONGSPAN_EXPORT(address) char* address(int32_t id) {
  Memory* memory = find(memories, id);
  return memory == nullptr ? nullptr : memory->data;
}

LONGSPAN_EXPORT(touch) int32_t touch(int32_t id) {
  Memory* memory = find(memories, id);
  if (memory == nullptr) return fail("touch: no such memory");
  memory->version += 1;
  return 0;
}

LONGSPAN_EXPORT(dropMemory) int32_t dropMemory(int32_t id) {
  Memory* memory = find(memories, id);
  if (memory == nullptr) return fail("dropMemory: no such memory");
  free(memory->data);
  delete memory;
  memories[id] = nullptr;
  if (id < freeMemory) freeMemory = id;
  return 0;
}

LONGSPAN_EXPORT(compile) int32_t compile(const int32_t* ints, int32_t intCount, const double* reals, int32_t realCount) {
  const char* error = "out of memory";
  Program* program = parseProgram(ints, intCount, reals, realCount, &error);
  return program == nullptr ? fail(error) : keep(programs, program);
}

LONGSPAN_EXPORT(schedule) int32_t schedule(int32_t id, const int32_t* ints, int32_t count) {
  Program* program = find(programs, id);
  if (program == nullptr) return fail("schedule: no such program");
  const char* error = "out of memory";
  ScheduledProgram* made = scheduleProgram(program, ints, count, &error);
  return made == nullptr ? fail(error) : keep(scheduledPrograms, made);
}

LONGSPAN_EXPORT(dropScheduled) int32_t dropScheduled(int32_t id) {
  ScheduledProgram* scheduled = find(scheduledPrograms, id);
  if (scheduled == nullptr) return fail("dropScheduled: no such scheduled program");
  delete scheduled;
  scheduledPrograms[id] = nullptr;
  return 0;
}

/** Its scheduled programs go first; programs are few and stay while any is left. */
LONGSPAN_EXPORT(dropProgram) int32_t dropProgram(int32_t id) {
  Program* program = find(programs, id);
  if (program == nullptr) return fail("dropProgram: no such program");
  for (const ScheduledProgram* p : scheduledPrograms)
    if (p != nullptr && p->program == program) return fail("dropProgram: a scheduled program is left");
  delete program;
  programs[id] = nullptr;
  return 0;
}

/** Runs use at most so many threads from now on, for work that takes one at least so many nanoseconds. Returns the state of the team. */
LONGSPAN_EXPORT(threads) TeamState* threads(int32_t count, double least) {
  threadCount = count < 1 || count > mostThreads ? 1 : count;
  leastShared = least;
  return &teamState;
}

/** 0: done; 1: an index out of range, see `failure`; -1: see `error`. */
LONGSPAN_EXPORT(run) int32_t run(int32_t id, const double* given) {
  ScheduledProgram* scheduled = find(scheduledPrograms, id);
  if (scheduled == nullptr) return fail("run: no such scheduled program");
  const Program& program = *scheduled->program;
  const int64_t buffers = program.buffers.size();
  if (!bindings.resize(buffers)) return fail("out of memory");
  for (int64_t b = 0; b < buffers; b++) {
    bindings[b] = {nullptr, 0};
    if (!isBound(program.buffers[b].role)) continue;
    const double which = given[2 * b];
    const double offset = given[2 * b + 1];
    if (!(which >= 0 && which < static_cast<double>(memories.size()))) return fail("run: no such memory");
    Memory* memory = memories[static_cast<int64_t>(which)];
    if (memory == nullptr) return fail("run: no such memory");
    if (!(offset >= 0 && offset < 4294967296.0)) return fail("run: an offset out of range");
    const int64_t first = static_cast<int64_t>(offset);
    const int64_t elements = scheduled->rows[b] * program.buffers[b].columns;
    if ((first + elements) * sizeOf(program.buffers[b].dtype) > memory->bytes) return fail("run: a binding beyond its memory");
    bindings[b] = {memory, first};
  }
  for (int64_t b = 0; b < buffers; b++)
    if (program.buffers[b].role == Role::output) bindings[b].memory->version += 1;
  const RunArguments arguments = {scheduled, bindings.begin(), &shared, threadCount, leastShared, wasmTeam(), &failure};
  teamState.lost = 0;
  const Status status = wasm::kernels.run(arguments);
  if (__atomic_load_n(&teamState.lost, __ATOMIC_SEQ_CST))
    return fail("run: a thread failed in the middle of its work, most likely for want of memory; what this run computed is lost");
  if (status == Status::noMemory) return fail("run: out of memory");
  return status == Status::ok ? 0 : 1;
}

LONGSPAN_EXPORT(workspaceBytes) double workspaceBytes() {
  int64_t bytes = shared.bytes();
  for (const Program* p : programs)
    if (p != nullptr)
      for (const Pack* pack : p->packs) bytes += pack->block.bytes();
  return static_cast<double>(bytes);
}

}  // namespace longspan

void* operator new(size_t bytes) {
  void* memory = malloc(bytes);
  if (memory == nullptr) __builtin_trap();
  return memory;
}
void operator delete(void* memory) noexcept { free(memory); }
void operator delete(void* memory, size_t) noexcept { free(memory); }
