// Node-API over MPI. One thread makes all calls of MPI, from MPI_Init_thread to MPI_Finalize, in the order in which they come; results go
// back to the event loop, which goes on meanwhile.
//
// sum(numbers) does not use MPI_Allreduce, whose order of additions is the library's choice. Each rank gets its part of the numbers from all
// ranks (MPI_Ialltoallv), adds them up in the order of the ranks in float64, and gives the sums to all (MPI_Iallgatherv). As many bytes are
// sent as by the best of the usual algorithms, and the bits are those of the ranks' order whatever the library and the network.

#define OMPI_SKIP_MPICXX 1
#define MPICH_SKIP_MPICXX 1
#include <mpi.h>
#include <node_api.h>

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <cstring>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace {

enum class Kind { start, sum32, sum64, gather, stop };

struct Job {
  Kind kind = Kind::start;
  napi_deferred deferred = nullptr;
  napi_ref held = nullptr;
  void* data = nullptr;
  size_t length = 0;
  // What came of it.
  std::string error;
  std::vector<std::vector<uint8_t>> gathered;
  int rank = 0;
  int size = 0;
  std::string library;
};

// Never destroyed: the thread may still wait when the process ends.
std::mutex& gate = *new std::mutex;
std::condition_variable& wake = *new std::condition_variable;
std::deque<std::unique_ptr<Job>>& jobs = *new std::deque<std::unique_ptr<Job>>;

// Of the event loop.
bool begun = false;
int outstanding = 0;
napi_threadsafe_function settled = nullptr;

// Of the worker.
int rank = 0;
int ranks = 1;

/**
 * Waits for a request without holding a core for long: another rank, or the training of this one, may need it. Ranks that wait for each
 * other in the middle of a training do so for a fraction of a millisecond as a rule; ranks that wait for the first one's validation, for long.
 */
int awaited(MPI_Request* request) {
  const auto since = std::chrono::steady_clock::now();
  std::chrono::microseconds pause(20);
  for (;;) {
    int done = 0;
    const int code = MPI_Test(request, &done, MPI_STATUS_IGNORE);
    if (code != MPI_SUCCESS || done) return code;
    if (std::chrono::steady_clock::now() - since < std::chrono::microseconds(200)) {
      std::this_thread::yield();
      continue;
    }
    std::this_thread::sleep_for(pause);
    if (pause < std::chrono::microseconds(500)) pause = pause * 3 / 2;
  }
}

std::string textOf(const char* what, int code) {
  char text[MPI_MAX_ERROR_STRING];
  int length = 0;
  MPI_Error_string(code, text, &length);
  return std::string(what) + ": " + std::string(text, static_cast<size_t>(length));
}

#define CHECKED(what, call)                         \
  do {                                              \
    const int code = (call);                        \
    if (code != MPI_SUCCESS) return textOf(what, code); \
  } while (0)

/** Counts and places of equal parts: rank r has those from floor(r n / ranks) on. */
void parted(size_t n, std::vector<int>& counts, std::vector<int>& places) {
  counts.resize(static_cast<size_t>(ranks));
  places.resize(static_cast<size_t>(ranks));
  for (size_t r = 0; r < static_cast<size_t>(ranks); r++) {
    const size_t from = r * n / static_cast<size_t>(ranks);
    places[r] = static_cast<int>(from);
    counts[r] = static_cast<int>((r + 1) * n / static_cast<size_t>(ranks) - from);
  }
}

template <typename T>
std::string sumPart(T* numbers, size_t n, MPI_Datatype type) {
  std::vector<int> counts, places, mine(static_cast<size_t>(ranks)), from(static_cast<size_t>(ranks));
  parted(n, counts, places);
  const int own = counts[static_cast<size_t>(rank)];
  for (int r = 0; r < ranks; r++) {
    mine[static_cast<size_t>(r)] = own;
    from[static_cast<size_t>(r)] = r * own;
  }
  std::vector<T> parts(static_cast<size_t>(own) * static_cast<size_t>(ranks));
  MPI_Request request;
  CHECKED("MPI_Ialltoallv", MPI_Ialltoallv(numbers, counts.data(), places.data(), type, parts.data(), mine.data(),
                                           from.data(), type, MPI_COMM_WORLD, &request));
  CHECKED("MPI_Ialltoallv", awaited(&request));
  constexpr int block = 1024;
  double sums[block];
  std::vector<T> rounded(static_cast<size_t>(own));
  for (int begin = 0; begin < own; begin += block) {
    const int many = own - begin < block ? own - begin : block;
    for (int i = 0; i < many; i++) sums[i] = 0;
    for (int r = 0; r < ranks; r++) {
      const T* part = parts.data() + static_cast<size_t>(r) * static_cast<size_t>(own) + begin;
      for (int i = 0; i < many; i++) sums[i] += static_cast<double>(part[i]);
    }
    for (int i = 0; i < many; i++) rounded[static_cast<size_t>(begin + i)] = static_cast<T>(sums[i]);
  }
  CHECKED("MPI_Iallgatherv", MPI_Iallgatherv(rounded.data(), own, type, numbers, counts.data(), places.data(), type,
                                             MPI_COMM_WORLD, &request));
  CHECKED("MPI_Iallgatherv", awaited(&request));
  return "";
}

template <typename T>
std::string sum(T* numbers, size_t n, MPI_Datatype type) {
  // MPI counts with int; numbers beyond that are summed part by part.
  constexpr size_t most = size_t{1} << 28;
  for (size_t begin = 0; begin < n; begin += most) {
    const std::string error = sumPart(numbers + begin, n - begin < most ? n - begin : most, type);
    if (!error.empty()) return error;
  }
  return "";
}

std::string gather(Job& job) {
  const size_t all = static_cast<size_t>(ranks);
  uint64_t own = job.length;
  std::vector<uint64_t> lengths(all);
  MPI_Request request;
  CHECKED("MPI_Iallgather", MPI_Iallgather(&own, 1, MPI_UINT64_T, lengths.data(), 1, MPI_UINT64_T, MPI_COMM_WORLD, &request));
  CHECKED("MPI_Iallgather", awaited(&request));
  for (size_t r = 0; r < all; r++) {
    job.gathered.emplace_back(lengths[r]);
    uint8_t* to = job.gathered[r].data();
    if (static_cast<int>(r) == rank && own > 0) std::memcpy(to, job.data, own);
    constexpr uint64_t most = uint64_t{1} << 30;
    for (uint64_t begin = 0; begin < lengths[r]; begin += most) {
      const int many = static_cast<int>(lengths[r] - begin < most ? lengths[r] - begin : most);
      CHECKED("MPI_Ibcast", MPI_Ibcast(to + begin, many, MPI_BYTE, static_cast<int>(r), MPI_COMM_WORLD, &request));
      CHECKED("MPI_Ibcast", awaited(&request));
    }
  }
  return "";
}

std::string start(Job& job) {
  int provided = 0;
  CHECKED("MPI_Init_thread", MPI_Init_thread(nullptr, nullptr, MPI_THREAD_FUNNELED, &provided));
  if (provided < MPI_THREAD_FUNNELED)
    return "this build of the library allows no threads (MPI_THREAD_FUNNELED); install one that does";
  MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &ranks);
  char text[MPI_MAX_LIBRARY_VERSION_STRING];
  int length = 0;
  MPI_Get_library_version(text, &length);
  job.rank = rank;
  job.size = ranks;
  job.library = std::string(text, static_cast<size_t>(length));
  return "";
}

void work() {
  for (;;) {
    std::unique_ptr<Job> job;
    {
      std::unique_lock<std::mutex> lock(gate);
      wake.wait(lock, [] { return !jobs.empty(); });
      job = std::move(jobs.front());
      jobs.pop_front();
    }
    switch (job->kind) {
      case Kind::start:
        job->error = start(*job);
        break;
      case Kind::sum32:
        job->error = sum(static_cast<float*>(job->data), job->length, MPI_FLOAT);
        break;
      case Kind::sum64:
        job->error = sum(static_cast<double*>(job->data), job->length, MPI_DOUBLE);
        break;
      case Kind::gather:
        job->error = gather(*job);
        break;
      case Kind::stop:
        MPI_Finalize();
        break;
    }
    const bool last = job->kind == Kind::stop;
    napi_call_threadsafe_function(settled, job.release(), napi_tsfn_blocking);
    if (last) return;
  }
}

napi_value text(napi_env env, const std::string& of) {
  napi_value value = nullptr;
  napi_create_string_utf8(env, of.data(), of.size(), &value);
  return value;
}

/** The result of a job as the event loop sees it. */
napi_value resultOf(napi_env env, Job& job) {
  napi_value result = nullptr;
  if (job.kind == Kind::start) {
    napi_value number = nullptr;
    napi_create_object(env, &result);
    napi_create_int32(env, job.rank, &number);
    napi_set_named_property(env, result, "rank", number);
    napi_create_int32(env, job.size, &number);
    napi_set_named_property(env, result, "size", number);
    napi_set_named_property(env, result, "library", text(env, job.library));
    return result;
  }
  if (job.kind != Kind::gather) {
    napi_get_undefined(env, &result);
    return result;
  }
  napi_create_array_with_length(env, job.gathered.size(), &result);
  for (size_t r = 0; r < job.gathered.size(); r++) {
    const size_t length = job.gathered[r].size();
    void* to = nullptr;
    napi_value buffer = nullptr, bytes = nullptr;
    if (napi_create_arraybuffer(env, length, &to, &buffer) != napi_ok) continue;
    if (length > 0) std::memcpy(to, job.gathered[r].data(), length);
    napi_create_typedarray(env, napi_uint8_array, length, buffer, 0, &bytes);
    napi_set_element(env, result, static_cast<uint32_t>(r), bytes);
  }
  return result;
}

void settle(napi_env env, napi_value, void*, void* data) {
  std::unique_ptr<Job> job(static_cast<Job*>(data));
  if (env == nullptr) return;
  if (job->held != nullptr) napi_delete_reference(env, job->held);
  // Only while something is awaited does the process stay for it.
  if (--outstanding == 0) napi_unref_threadsafe_function(env, settled);
  if (job->error.empty()) {
    napi_resolve_deferred(env, job->deferred, resultOf(env, *job));
    return;
  }
  napi_value error = nullptr;
  napi_create_error(env, nullptr, text(env, job->error), &error);
  napi_reject_deferred(env, job->deferred, error);
}

napi_value queued(napi_env env, std::unique_ptr<Job> job) {
  napi_value promise = nullptr;
  napi_create_promise(env, &job->deferred, &promise);
  if (outstanding++ == 0) napi_ref_threadsafe_function(env, settled);
  {
    std::lock_guard<std::mutex> lock(gate);
    jobs.push_back(std::move(job));
  }
  wake.notify_one();
  return promise;
}

napi_value refused(napi_env env, const char* why) {
  napi_throw_type_error(env, nullptr, why);
  return nullptr;
}

napi_value startCall(napi_env env, napi_callback_info) {
  if (begun) return refused(env, "longspan-mpi: MPI is started once in a process");
  begun = true;
  napi_create_threadsafe_function(env, nullptr, nullptr, text(env, "longspan-mpi"), 0, 1, nullptr, nullptr, nullptr,
                                  settle, &settled);
  std::thread(work).detach();
  return queued(env, std::make_unique<Job>());
}

/** The typed array of a call, as a job. */
napi_value withArray(napi_env env, napi_callback_info info, bool isGather) {
  if (!begun) return refused(env, "longspan-mpi: MPI was not started");
  size_t count = 1;
  napi_value given = nullptr;
  napi_get_cb_info(env, info, &count, &given, nullptr, nullptr);
  bool is = false;
  if (count < 1 || napi_is_typedarray(env, given, &is) != napi_ok || !is)
    return refused(env, isGather ? "gather: bytes is a Uint8Array" : "sum: numbers is a Float32Array or a Float64Array");
  auto job = std::make_unique<Job>();
  napi_typedarray_type type;
  napi_get_typedarray_info(env, given, &type, &job->length, &job->data, nullptr, nullptr);
  if (isGather) {
    if (type != napi_uint8_array) return refused(env, "gather: bytes is a Uint8Array");
    job->kind = Kind::gather;
  } else if (type == napi_float32_array) {
    job->kind = Kind::sum32;
  } else if (type == napi_float64_array) {
    job->kind = Kind::sum64;
  } else {
    return refused(env, "sum: numbers is a Float32Array or a Float64Array");
  }
  napi_create_reference(env, given, 1, &job->held);
  return queued(env, std::move(job));
}

napi_value sumCall(napi_env env, napi_callback_info info) { return withArray(env, info, false); }
napi_value gatherCall(napi_env env, napi_callback_info info) { return withArray(env, info, true); }

napi_value stopCall(napi_env env, napi_callback_info) {
  if (!begun) return refused(env, "longspan-mpi: MPI was not started");
  auto job = std::make_unique<Job>();
  job->kind = Kind::stop;
  return queued(env, std::move(job));
}

/** Ends all ranks at once. From any thread: the worker may be waiting for a rank that will never come. */
napi_value abortCall(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value given = nullptr;
  int32_t code = 1;
  napi_get_cb_info(env, info, &count, &given, nullptr, nullptr);
  if (count > 0) napi_get_value_int32(env, given, &code);
  MPI_Abort(MPI_COMM_WORLD, code);
  return nullptr;
}

napi_value init(napi_env env, napi_value exports) {
  const napi_property_descriptor all[] = {
      {"start", nullptr, startCall, nullptr, nullptr, nullptr, napi_default, nullptr},
      {"sum", nullptr, sumCall, nullptr, nullptr, nullptr, napi_default, nullptr},
      {"gather", nullptr, gatherCall, nullptr, nullptr, nullptr, napi_default, nullptr},
      {"stop", nullptr, stopCall, nullptr, nullptr, nullptr, napi_default, nullptr},
      {"abort", nullptr, abortCall, nullptr, nullptr, nullptr, napi_default, nullptr},
  };
  napi_define_properties(env, exports, sizeof(all) / sizeof(all[0]), all);
  return exports;
}

}  // namespace

NAPI_MODULE(longspan_mpi, init)
