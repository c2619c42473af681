// The Node addon: what crosses from JavaScript is checked here, before any pointer is formed. Programs, scheduled programs and memories
// are numbers; a number that names nothing is an error.
#define NAPI_VERSION 8
#include <node_api.h>

#include <time.h>

#include "thread-pool.h"

namespace longspan {

#if defined(__x86_64__)
namespace avx512 {
extern const Kernels kernels;
}
namespace avx2 {
extern const Kernels kernels;
}
#endif
namespace plain {
extern const Kernels kernels;
}

namespace {

constexpr int mostSets = 4;

/** Instruction sets of this build that this machine has, newest first. */
int available(const Kernels** list) {
  int n = 0;
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512vl"))
    list[n++] = &avx512::kernels;
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) list[n++] = &avx2::kernels;
#endif
  list[n++] = &plain::kernels;
  return n;
}

double secondsNow() {
  timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

/** What the sets that compute alike with the newest reach in a trial, in GFLOP/s; 0: not tried, as where there is no choice. */
struct Speeds {
  double of[mostSets] = {};

  /** The best of several trials in turn: other work on the machine only makes one slower. */
  Speeds() {
    const Kernels* list[mostSets];
    const int n = available(list);
    if (n < 2 || list[0]->fused != list[1]->fused) return;
    Block block;
    float* memory = reinterpret_cast<float*>(block.reserve(trialFloats * static_cast<int64_t>(sizeof(float))));
    if (memory == nullptr) return;
    for (int64_t i = 0; i < trialFloats; i++) memory[i] = 0.5f;
    constexpr int rounds = 6;
    for (int round = 0; round < rounds; round++)
      for (int i = 0; i < n; i++) {
        if (list[i]->fused != list[0]->fused) continue;
        const double begin = secondsNow();
        list[i]->trial(memory);
        const double speed = 1e-9 * trialOperations / (secondsNow() - begin);
        // The first round brings code and memory into the caches.
        if (round > 0 && speed > of[i]) of[i] = speed;
      }
  }
};

/** Tried once per process, by whoever asks first. */
const Speeds& speedsHere() {
  static const Speeds speeds;
  return speeds;
}

struct Shared {
  Program* program;
  int32_t uses;
};

struct Scheduled {
  ScheduledProgram* scheduled;
  int32_t program;
};

/** Runs that are bound once: the scheduled program of each, and all bindings one after the other. */
struct Prepared {
  Array<int32_t> scheduledPrograms;
  Array<double> bindings;
  int64_t written;
};

struct Owned;

/** All that one JavaScript environment has made. */
struct Instance {
  Array<Owned*> memories;
  /** No index before it is free. */
  int64_t freeMemory = 0;
  /** Memories made and calls begun so far. */
  uint64_t made = 0;
  uint64_t calls = 0;
  Array<Shared> programs;
  Array<Scheduled> scheduledPrograms;
  Array<Prepared*> prepared;
  Array<Binding> bindings;
  Workspaces workspaces;
  int32_t threads = 1;
  double leastShared = 0;
  ThreadPool* pool = nullptr;
  const Kernels* kernels;

  ~Instance() {
    for (Prepared* p : prepared) delete p;
    for (Scheduled& p : scheduledPrograms) delete p.scheduled;
    for (Shared& s : programs) delete s.program;
  }
};

/** Memory lies in an ArrayBuffer of the engine's, which collects it; the instance only lists it. */
struct Owned {
  Memory memory;
  Instance* instance;
  int64_t id;
  /** Weak: empty once the ArrayBuffer is collected, from when on the memory must not be touched. */
  napi_ref buffer;
  /** The call in which the buffer was last seen: nothing is collected within one. */
  uint64_t seen;
};

napi_value raise(napi_env env, const char* message) {
  bool pending = false;
  napi_is_exception_pending(env, &pending);
  if (!pending) napi_throw_error(env, nullptr, message);
  return nullptr;
}

constexpr int maxArguments = 4;

struct Call {
  napi_env env;
  Instance* instance;
  size_t count;
  napi_value values[maxArguments];
  const char* error;
};

bool open(napi_env env, napi_callback_info info, Call* call) {
  call->env = env;
  call->count = maxArguments;
  call->error = "a number was expected";
  void* data = nullptr;
  if (napi_get_cb_info(env, info, &call->count, call->values, nullptr, nullptr) != napi_ok) return false;
  if (napi_get_instance_data(env, &data) != napi_ok || data == nullptr) return false;
  call->instance = static_cast<Instance*>(data);
  call->instance->calls += 1;
  return true;
}

bool number(Call& call, size_t which, int64_t* out) {
  double x;
  if (which >= call.count || napi_get_value_double(call.env, call.values[which], &x) != napi_ok) return false;
  if (!(x >= -9007199254740991.0 && x <= 9007199254740991.0) || x != static_cast<double>(static_cast<int64_t>(x))) return false;
  *out = static_cast<int64_t>(x);
  return true;
}

bool numbers(Call& call, size_t which, napi_typedarray_type wanted, const void** data, int64_t* length) {
  bool is = false;
  call.error = "a typed array was expected";
  if (which >= call.count || napi_is_typedarray(call.env, call.values[which], &is) != napi_ok || !is) return false;
  napi_typedarray_type type;
  size_t n = 0;
  void* at = nullptr;
  if (napi_get_typedarray_info(call.env, call.values[which], &type, &n, &at, nullptr, nullptr) != napi_ok) return false;
  if (type != wanted) {
    call.error = "a typed array of another kind was expected";
    return false;
  }
  *data = at;
  *length = at == nullptr ? 0 : static_cast<int64_t>(n);
  return true;
}

napi_value integer(napi_env env, int64_t n) {
  napi_value v = nullptr;
  napi_create_int64(env, n, &v);
  return v;
}

/** The first free index in a list of things. */
template <class T, class F>
int64_t freeIndex(Array<T>& list, F isFree) {
  for (int64_t i = 0; i < list.size(); i++)
    if (isFree(list[i])) return i;
  return list.resize(list.size() + 1) ? list.size() - 1 : -1;
}

void forgetMemory(napi_env env, void* data, void*) {
  Owned* owned = static_cast<Owned*>(data);
  Instance& instance = *owned->instance;
  instance.memories[owned->id] = nullptr;
  if (owned->id < instance.freeMemory) instance.freeMemory = owned->id;
  napi_delete_reference(env, owned->buffer);
  delete owned;
}

/**
 * adopt(ArrayBuffer, bytes): [number, first byte]. Memory for so many bytes within the buffer, which has 64 more, or 2 MiB more from 4 MiB
 * on, so that it can begin at a boundary. The buffer is the engine's own: it is collected even where a program never lets the event loop
 * run, which a buffer over memory of ours would wait for.
 */
napi_value adopt(napi_env env, napi_callback_info info) {
  Call call;
  int64_t bytes;
  bool isBuffer = false;
  if (!open(env, info, &call) || !number(call, 1, &bytes)) return raise(env, "adopt: a number of bytes was expected");
  const napi_value buffer = call.values[0];
  if (napi_is_arraybuffer(env, buffer, &isBuffer) != napi_ok || !isBuffer) return raise(env, "adopt: an ArrayBuffer was expected");
  void* raw = nullptr;
  size_t length = 0;
  napi_get_arraybuffer_info(env, buffer, &raw, &length);
  constexpr int64_t hugePage = 1 << 21;
  const int64_t boundary = bytes >= 2 * hugePage ? hugePage : 64;
  if (bytes < 0 || bytes > (int64_t{1} << 40) || raw == nullptr || static_cast<int64_t>(length) < bytes + boundary)
    return raise(env, "adopt: the ArrayBuffer is shorter than the memory in it");
  Instance& instance = *call.instance;
  int64_t id = instance.freeMemory;
  while (id < instance.memories.size() && instance.memories[id] != nullptr) id++;
  instance.freeMemory = id;
  if (id == instance.memories.size() && !instance.memories.resize(id + 1)) return raise(env, "out of memory");
  const uintptr_t start = reinterpret_cast<uintptr_t>(raw);
  const uintptr_t edge = static_cast<uintptr_t>(boundary);
  const uintptr_t first = (start + edge - 1) / edge * edge;
  // A pack is known by where it was made from and in which version: no two memories have one in common.
  instance.made += 1;
  Owned* owned = new Owned{{reinterpret_cast<char*>(first), bytes, instance.made << 32}, &instance, id, nullptr, 0};
  if (napi_add_finalizer(env, buffer, owned, forgetMemory, nullptr, &owned->buffer) != napi_ok) {
    delete owned;
    return raise(env, "out of memory");
  }
  instance.memories[id] = owned;
  napi_value found;
  napi_create_array_with_length(env, 2, &found);
  napi_set_element(env, found, 0, integer(env, id));
  napi_set_element(env, found, 1, integer(env, static_cast<int64_t>(first - start)));
  return found;
}

/** The memory of a number, if its buffer was not collected. */
Memory* memoryOf(napi_env env, Instance& instance, int64_t id) {
  Owned* owned = id >= 0 && id < instance.memories.size() ? instance.memories[id] : nullptr;
  if (owned == nullptr) return nullptr;
  if (owned->seen != instance.calls) {
    napi_value buffer = nullptr;
    if (napi_get_reference_value(env, owned->buffer, &buffer) != napi_ok || buffer == nullptr) return nullptr;
    owned->seen = instance.calls;
  }
  return &owned->memory;
}

/** touch(memory): its contents were written, packs made from them are out of date. */
napi_value touch(napi_env env, napi_callback_info info) {
  Call call;
  int64_t id;
  if (!open(env, info, &call) || !number(call, 0, &id)) return raise(env, "touch: a memory was expected");
  Memory* memory = memoryOf(env, *call.instance, id);
  if (memory == nullptr) return raise(env, "touch: no such memory");
  memory->version += 1;
  return nullptr;
}

/** compile(Int32Array, Float64Array): number. */
napi_value compile(napi_env env, napi_callback_info info) {
  Call call;
  const void* ints;
  const void* reals;
  int64_t intCount;
  int64_t realCount;
  if (!open(env, info, &call)) return raise(env, "compile: no arguments");
  if (!numbers(call, 0, napi_int32_array, &ints, &intCount) || !numbers(call, 1, napi_float64_array, &reals, &realCount))
    return raise(env, call.error);
  const char* error = "out of memory";
  Program* program =
      parseProgram(static_cast<const int32_t*>(ints), intCount, static_cast<const double*>(reals), realCount, &error);
  if (program == nullptr) return raise(env, error);
  const int64_t id = freeIndex(call.instance->programs, [](const Shared& s) { return s.program == nullptr; });
  if (id < 0) {
    delete program;
    return raise(env, "out of memory");
  }
  call.instance->programs[id] = {program, 1};
  return integer(env, id);
}

void dropUse(Instance& instance, int64_t id) {
  Shared& shared = instance.programs[id];
  if (--shared.uses > 0) return;
  delete shared.program;
  shared = {nullptr, 0};
}

/** schedule(program, Int32Array): number. */
napi_value schedule(napi_env env, napi_callback_info info) {
  Call call;
  int64_t program;
  const void* ints;
  int64_t count;
  if (!open(env, info, &call) || !number(call, 0, &program)) return raise(env, "schedule: a program was expected");
  Instance& instance = *call.instance;
  if (program < 0 || program >= instance.programs.size() || instance.programs[program].program == nullptr)
    return raise(env, "schedule: no such program");
  if (!numbers(call, 1, napi_int32_array, &ints, &count)) return raise(env, call.error);
  const char* error = "out of memory";
  ScheduledProgram* made = scheduleProgram(instance.programs[program].program, static_cast<const int32_t*>(ints), count, &error);
  if (made == nullptr) return raise(env, error);
  const int64_t id = freeIndex(instance.scheduledPrograms, [](const Scheduled& p) { return p.scheduled == nullptr; });
  if (id < 0) {
    delete made;
    return raise(env, "out of memory");
  }
  instance.scheduledPrograms[id] = {made, static_cast<int32_t>(program)};
  instance.programs[program].uses += 1;
  return integer(env, id);
}

ScheduledProgram* scheduledOf(Instance& instance, int64_t id) {
  return id >= 0 && id < instance.scheduledPrograms.size() ? instance.scheduledPrograms[id].scheduled : nullptr;
}

/** dropScheduled(scheduled), dropProgram(program): for what is never used again. */
napi_value dropScheduled(napi_env env, napi_callback_info info) {
  Call call;
  int64_t id;
  if (!open(env, info, &call) || !number(call, 0, &id)) return raise(env, "dropScheduled: a scheduled program was expected");
  Instance& instance = *call.instance;
  if (scheduledOf(instance, id) == nullptr) return raise(env, "dropScheduled: no such scheduled program");
  delete instance.scheduledPrograms[id].scheduled;
  const int32_t program = instance.scheduledPrograms[id].program;
  instance.scheduledPrograms[id] = {nullptr, 0};
  dropUse(instance, program);
  return nullptr;
}

napi_value dropProgram(napi_env env, napi_callback_info info) {
  Call call;
  int64_t id;
  if (!open(env, info, &call) || !number(call, 0, &id)) return raise(env, "dropProgram: a program was expected");
  Instance& instance = *call.instance;
  if (id < 0 || id >= instance.programs.size() || instance.programs[id].program == nullptr)
    return raise(env, "dropProgram: no such program");
  // Scheduled programs that are still there keep it; a second drop must not take their use.
  int32_t scheduledPrograms = 0;
  for (const Scheduled& p : instance.scheduledPrograms)
    if (p.scheduled != nullptr && p.program == id) scheduledPrograms++;
  if (instance.programs[id].uses <= scheduledPrograms) return raise(env, "dropProgram: dropped before");
  dropUse(instance, id);
  return nullptr;
}

/** Checks the bindings of a run and does it. On failure, `*error` says why, or is left for an index out of range. */
bool runOnce(napi_env env, Instance& instance, ScheduledProgram& scheduled, const double* given, Failure* failure, const char** error) {
  const Program& program = *scheduled.program;
  const int64_t buffers = program.buffers.size();
  const auto fail = [&](const char* message) {
    *error = message;
    return false;
  };
  if (!instance.bindings.resize(buffers)) return fail("run: out of memory");
  for (int64_t b = 0; b < buffers; b++) {
    instance.bindings[b] = {nullptr, 0};
    if (!isBound(program.buffers[b].role)) continue;
    const double which = given[2 * b];
    const double offset = given[2 * b + 1];
    if (!(which >= 0 && which < static_cast<double>(instance.memories.size()))) return fail("run: no such memory");
    Memory* memory = memoryOf(env, instance, static_cast<int64_t>(which));
    if (memory == nullptr) return fail("run: no such memory");
    if (!(offset >= 0 && offset < 9007199254740992.0 / 1024)) return fail("run: an offset out of range");
    const int64_t first = static_cast<int64_t>(offset);
    const int64_t elements = scheduled.rows[b] * program.buffers[b].columns;
    if ((first + elements) * sizeOf(program.buffers[b].dtype) > memory->bytes)
      return fail("run: a binding beyond its memory");
    instance.bindings[b] = {memory, first};
  }
  for (int64_t b = 0; b < buffers; b++)
    if (program.buffers[b].role == Role::output) instance.bindings[b].memory->version += 1;
  const RunArguments arguments = {&scheduled,      instance.bindings.begin(), &instance.workspaces, instance.threads,
                                  instance.leastShared, instance.pool,            failure};
  const Status status = instance.kernels->run(arguments);
  if (status == Status::noMemory) return fail("run: out of memory");
  return status == Status::ok;
}

/** What a run that did not succeed gives: an error, or [index, row, position, size] of an index out of range. */
napi_value failed(napi_env env, const Failure& failure, const char* error) {
  if (error != nullptr) return raise(env, error);
  napi_value report;
  napi_create_array_with_length(env, 4, &report);
  const int32_t parts[4] = {failure.index, failure.row, failure.position, failure.size};
  for (uint32_t i = 0; i < 4; i++) napi_set_element(env, report, i, integer(env, parts[i]));
  return report;
}

/** run(scheduled, Float64Array of memory and offset per buffer): undefined, or what `failed` says. */
napi_value run(napi_env env, napi_callback_info info) {
  Call call;
  int64_t id;
  const void* data;
  int64_t count;
  if (!open(env, info, &call) || !number(call, 0, &id)) return raise(env, "run: a scheduled program was expected");
  ScheduledProgram* scheduled = scheduledOf(*call.instance, id);
  if (scheduled == nullptr) return raise(env, "run: no such scheduled program");
  if (!numbers(call, 1, napi_float64_array, &data, &count)) return raise(env, call.error);
  if (count != 2 * scheduled->program->buffers.size()) return raise(env, "run: another number of bindings than buffers");
  Failure failure = {0, 0, 0, 0};
  const char* error = nullptr;
  if (runOnce(env, *call.instance, *scheduled, static_cast<const double*>(data), &failure, &error)) return nullptr;
  return failed(env, failure, error);
}

/** prepare(Int32Array of scheduled programs, Float64Array of all their bindings, memory that is written before or -1): number. */
napi_value prepare(napi_env env, napi_callback_info info) {
  Call call;
  const void* scheduledPrograms;
  const void* bindings;
  int64_t runs;
  int64_t count;
  int64_t written;
  if (!open(env, info, &call)) return raise(env, "prepare: no arguments");
  if (!numbers(call, 0, napi_int32_array, &scheduledPrograms, &runs) || !numbers(call, 1, napi_float64_array, &bindings, &count))
    return raise(env, call.error);
  if (!number(call, 2, &written)) return raise(env, "prepare: a memory was expected");
  Instance& instance = *call.instance;
  Prepared* made = new Prepared();
  made->written = written;
  if (!made->scheduledPrograms.resize(runs) || !made->bindings.resize(count)) {
    delete made;
    return raise(env, "out of memory");
  }
  for (int64_t i = 0; i < runs; i++) made->scheduledPrograms[i] = static_cast<const int32_t*>(scheduledPrograms)[i];
  for (int64_t i = 0; i < count; i++) made->bindings[i] = static_cast<const double*>(bindings)[i];
  const int64_t id = freeIndex(instance.prepared, [](Prepared* p) { return p == nullptr; });
  if (id < 0) {
    delete made;
    return raise(env, "out of memory");
  }
  instance.prepared[id] = made;
  return integer(env, id);
}

/** rebind(prepared, Int32Array of positions in all bindings, Float64Array of memories): other memories in place of some. */
napi_value rebind(napi_env env, napi_callback_info info) {
  Call call;
  int64_t id;
  const void* positions;
  const void* memories;
  int64_t count;
  int64_t given;
  if (!open(env, info, &call) || !number(call, 0, &id)) return raise(env, "rebind: a number was expected");
  if (!numbers(call, 1, napi_int32_array, &positions, &count) ||
      !numbers(call, 2, napi_float64_array, &memories, &given))
    return raise(env, call.error);
  Instance& instance = *call.instance;
  if (id < 0 || id >= instance.prepared.size() || instance.prepared[id] == nullptr)
    return raise(env, "rebind: nothing prepared under this number");
  Prepared& prepared = *instance.prepared[id];
  if (given != count) return raise(env, "rebind: another number of memories than positions");
  for (int64_t i = 0; i < count; i++) {
    const int32_t at = static_cast<const int32_t*>(positions)[i];
    if (at < 0 || at >= prepared.bindings.size()) return raise(env, "rebind: no such position");
    prepared.bindings[at] = static_cast<const double*>(memories)[i];
  }
  return nullptr;
}

/** runPrepared(prepared): undefined, or what `failed` says of the first run that failed. Plans and memories may be gone by now. */
napi_value runPrepared(napi_env env, napi_callback_info info) {
  Call call;
  int64_t id;
  if (!open(env, info, &call) || !number(call, 0, &id)) return raise(env, "runPrepared: a number was expected");
  Instance& instance = *call.instance;
  if (id < 0 || id >= instance.prepared.size() || instance.prepared[id] == nullptr)
    return raise(env, "runPrepared: nothing prepared under this number");
  const Prepared& prepared = *instance.prepared[id];
  if (prepared.written >= 0) {
    Memory* written = memoryOf(env, instance, prepared.written);
    if (written == nullptr) return raise(env, "runPrepared: no such memory");
    written->version += 1;
  }
  int64_t at = 0;
  for (const int32_t number : prepared.scheduledPrograms) {
    ScheduledProgram* scheduled = scheduledOf(instance, number);
    if (scheduled == nullptr) return raise(env, "runPrepared: no such scheduled program");
    const int64_t entries = 2 * scheduled->program->buffers.size();
    if (entries > prepared.bindings.size() - at) return raise(env, "runPrepared: fewer bindings than buffers");
    Failure failure = {0, 0, 0, 0};
    const char* error = nullptr;
    if (!runOnce(env, instance, *scheduled, prepared.bindings.begin() + at, &failure, &error)) return failed(env, failure, error);
    at += entries;
  }
  return nullptr;
}

napi_value dropPrepared(napi_env env, napi_callback_info info) {
  Call call;
  int64_t id;
  if (!open(env, info, &call) || !number(call, 0, &id)) return raise(env, "dropPrepared: a number was expected");
  Instance& instance = *call.instance;
  if (id < 0 || id >= instance.prepared.size() || instance.prepared[id] == nullptr)
    return raise(env, "dropPrepared: nothing prepared under this number");
  delete instance.prepared[id];
  instance.prepared[id] = nullptr;
  return nullptr;
}

/** instructionSets(): names, newest first; the first is used unless another is chosen. */
napi_value instructionSets(napi_env env, napi_callback_info) {
  const Kernels* list[mostSets];
  const int n = available(list);
  napi_value names;
  napi_create_array_with_length(env, static_cast<size_t>(n), &names);
  for (int i = 0; i < n; i++) {
    napi_value name;
    napi_create_string_utf8(env, list[i]->name, NAPI_AUTO_LENGTH, &name);
    napi_set_element(env, names, static_cast<uint32_t>(i), name);
  }
  return names;
}

/** speeds(): GFLOP/s of one thread in a short product by set; 0: not tried, as it gives other bits or there is no choice. */
napi_value speeds(napi_env env, napi_callback_info) {
  const Kernels* list[mostSets];
  const int n = available(list);
  napi_value all;
  napi_create_array_with_length(env, static_cast<size_t>(n), &all);
  for (int i = 0; i < n; i++) {
    napi_value speed;
    napi_create_double(env, speedsHere().of[i], &speed);
    napi_set_element(env, all, static_cast<uint32_t>(i), speed);
  }
  return all;
}

/** choose(n): uses the n-th of `instructionSets()`. */
napi_value choose(napi_env env, napi_callback_info info) {
  Call call;
  int64_t n;
  const Kernels* list[mostSets];
  if (!open(env, info, &call) || !number(call, 0, &n)) return raise(env, "choose: a number was expected");
  if (n < 0 || n >= available(list)) return raise(env, "choose: no such instruction set");
  // Packs have another layout in another instruction set.
  for (const Shared& s : call.instance->programs)
    if (s.program != nullptr)
      for (Pack* p : s.program->packs) p->valid = false;
  call.instance->kernels = list[n];
  return nullptr;
}

/** workspaceBytes(): memory that runs keep for temporaries and packed operands. */
napi_value workspaceBytes(napi_env env, napi_callback_info info) {
  Call call;
  if (!open(env, info, &call)) return raise(env, "workspaceBytes: no instance");
  int64_t bytes = call.instance->workspaces.bytes();
  for (const Shared& s : call.instance->programs)
    if (s.program != nullptr)
      for (const Pack* p : s.program->packs) bytes += p->block.bytes();
  return integer(env, bytes);
}

/** cores(): physical cores that this process may use. */
napi_value cores(napi_env env, napi_callback_info) { return integer(env, coresHere()); }

/** threads(n, nanoseconds): runs use at most so many from now on, for work that takes one thread at least so long. */
napi_value threads(napi_env env, napi_callback_info info) {
  Call call;
  int64_t n;
  int64_t least;
  if (!open(env, info, &call) || !number(call, 0, &n) || !number(call, 1, &least))
    return raise(env, "threads: two numbers were expected");
  if (n < 1 || n > mostThreads) return raise(env, "threads: a number out of range");
  if (n > 1 && call.instance->pool == nullptr) call.instance->pool = makeThreadPool();
  call.instance->threads = static_cast<int32_t>(n);
  call.instance->leastShared = static_cast<double>(least);
  return nullptr;
}

/** The instance itself stays: ArrayBuffers may outlive it, and what they release must find its list. */
void end(void* data) {
  Instance* instance = static_cast<Instance*>(data);
  if (instance->pool != nullptr) dropThreadPool(instance->pool);
  instance->pool = nullptr;
  instance->threads = 1;
}

/** Counts the changes of what is exported and of how programs and schedules are encoded, as src/executors/native/index.ts does. */
constexpr int32_t interfaceVersion = 4;

napi_value start(napi_env env, napi_value exports) {
  Instance* instance = new Instance();
  const Kernels* list[mostSets];
  available(list);
  instance->kernels = list[0];
  if (napi_set_instance_data(env, instance, nullptr, nullptr) != napi_ok ||
      napi_add_env_cleanup_hook(env, end, instance) != napi_ok)
    return raise(env, "no instance");
  const struct {
    const char* name;
    napi_callback call;
  } functions[] = {
      {"adopt", adopt},               {"touch", touch},       {"compile", compile},
      {"schedule", schedule},         {"run", run},           {"dropScheduled", dropScheduled},
      {"dropProgram", dropProgram},   {"choose", choose},     {"instructionSets", instructionSets},
      {"workspaceBytes", workspaceBytes}, {"prepare", prepare}, {"runPrepared", runPrepared},
      {"rebind", rebind},             {"speeds", speeds},
      {"dropPrepared", dropPrepared}, {"cores", cores},       {"threads", threads},
  };
  for (const auto& f : functions) {
    napi_value value;
    napi_create_function(env, f.name, NAPI_AUTO_LENGTH, f.call, nullptr, &value);
    napi_set_named_property(env, exports, f.name, value);
  }
  napi_set_named_property(env, exports, "interfaceVersion", integer(env, interfaceVersion));
  return exports;
}

}  // namespace
}  // namespace longspan

extern "C" {
// What Node looks for in an addon.
__attribute__((visibility("default"))) int32_t node_api_module_get_api_version_v1() { return NAPI_VERSION; }
__attribute__((visibility("default"))) napi_value napi_register_module_v1(napi_env env, napi_value exports) {
  return longspan::start(env, exports);
}
}
