#include "thread-pool.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

namespace longspan {

namespace {

LONGSPAN_INLINE void pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

int64_t nanoseconds() {
  timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return static_cast<int64_t>(t.tv_sec) * 1000000000 + t.tv_nsec;
}

/** A thread that has nothing to do looks for work so long before it sleeps: waking one takes longer than a short run. */
constexpr int64_t spinNanoseconds = 2000000;
/** Pauses between looks at the clock, and before a waiting caller lets other threads of the machine run. */
constexpr int pausesPerLook = 1000;

class Team : public ThreadPool {
 public:
  Team() {
    each = [](ThreadPool* pool, int32_t n, void (*work)(void*, int32_t), void* data) {
      static_cast<Team*>(pool)->run(n, work, data);
    };
    pthread_mutex_init(&mutex_, nullptr);
    pthread_cond_init(&wake_, nullptr);
  }

  ~Team() {
    __atomic_store_n(&stop_, 1, __ATOMIC_SEQ_CST);
    wakeAll();
    for (int32_t w = 1; w <= started_; w++) pthread_join(members_[w].thread, nullptr);
    pthread_cond_destroy(&wake_);
    pthread_mutex_destroy(&mutex_);
  }

 private:
  struct alignas(64) Member {
    Team* team = nullptr;
    int32_t number = 0;
    /** 1 while its piece of work is there to be taken: by itself, or by the caller if it is too late. */
    int32_t open = 0;
    pthread_t thread;
  };

  void run(int32_t n, void (*work)(void*, int32_t), void* data) {
    while (started_ < n - 1 && start()) continue;
    const int32_t helpers = n - 1 < started_ ? n - 1 : started_;
    work_ = work;
    data_ = data;
    __atomic_store_n(&left_, helpers, __ATOMIC_RELAXED);
    for (int32_t w = 1; w <= helpers; w++) __atomic_store_n(&members_[w].open, 1, __ATOMIC_SEQ_CST);
    if (__atomic_load_n(&sleeping_, __ATOMIC_SEQ_CST) > 0) wakeAll();
    work(data, 0);
    // What no thread could be started for, and what a thread that the system has not let run yet would do later.
    for (int32_t p = helpers + 1; p < n; p++) work(data, p);
    for (int32_t w = helpers; w > 0; w--) take(members_[w]);
    for (int spins = 0; __atomic_load_n(&left_, __ATOMIC_ACQUIRE) > 0; spins++) {
      pause();
      if (spins % pausesPerLook == pausesPerLook - 1) sched_yield();
    }
  }

  bool start() {
    Member& m = members_[started_ + 1];
    m.team = this;
    m.number = started_ + 1;
    // Signals are the main thread's.
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    const bool ok = pthread_create(&m.thread, nullptr, member, &m) == 0;
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    if (ok) started_++;
    return ok;
  }

  static void* member(void* of) {
    Member& m = *static_cast<Member*>(of);
    Team& team = *m.team;
    while (team.await(m)) team.take(m);
    return nullptr;
  }

  /** Does a member's work unless it was taken. */
  void take(Member& m) {
    if (__atomic_exchange_n(&m.open, 0, __ATOMIC_ACQ_REL) == 0) return;
    work_(data_, m.number);
    __atomic_fetch_sub(&left_, 1, __ATOMIC_RELEASE);
  }

  /** Waits for the next call; false at the end. */
  bool await(const Member& m) {
    const auto called = [&] { return __atomic_load_n(&m.open, __ATOMIC_SEQ_CST) != 0; };
    const auto ended = [&] { return __atomic_load_n(&stop_, __ATOMIC_SEQ_CST) != 0; };
    const int64_t until = nanoseconds() + spinNanoseconds;
    for (int spins = 0;; spins++) {
      if (called()) return true;
      if (ended()) return false;
      pause();
      if (spins % pausesPerLook == pausesPerLook - 1 && nanoseconds() > until) break;
    }
    pthread_mutex_lock(&mutex_);
    __atomic_fetch_add(&sleeping_, 1, __ATOMIC_SEQ_CST);
    while (!called() && !ended()) pthread_cond_wait(&wake_, &mutex_);
    __atomic_fetch_sub(&sleeping_, 1, __ATOMIC_SEQ_CST);
    pthread_mutex_unlock(&mutex_);
    return !ended();
  }

  void wakeAll() {
    pthread_mutex_lock(&mutex_);
    pthread_cond_broadcast(&wake_);
    pthread_mutex_unlock(&mutex_);
  }

  void (*work_)(void*, int32_t) = nullptr;
  void* data_ = nullptr;
  alignas(64) int32_t left_ = 0;
  alignas(64) int32_t sleeping_ = 0;
  int32_t stop_ = 0;
  int32_t started_ = 0;
  pthread_mutex_t mutex_;
  pthread_cond_t wake_;
  Member members_[mostThreads];
};

#if defined(__linux__)
/** The first number in a file of the system, or -1. */
long numberIn(const char* path) {
  FILE* f = fopen(path, "re");
  if (f == nullptr) return -1;
  long n = -1;
  if (fscanf(f, "%ld", &n) != 1) n = -1;
  fclose(f);
  return n;
}

/** Whole processors that a control group grants, or -1 for no limit. */
long granted() {
  FILE* f = fopen("/sys/fs/cgroup/cpu.max", "re");
  long quota = -1;
  long period = -1;
  if (f != nullptr) {
    if (fscanf(f, "%ld %ld", &quota, &period) != 2) quota = -1;
    fclose(f);
  } else {
    quota = numberIn("/sys/fs/cgroup/cpu/cpu.cfs_quota_us");
    period = numberIn("/sys/fs/cgroup/cpu/cpu.cfs_period_us");
  }
  if (quota <= 0 || period <= 0) return -1;
  return quota < period ? 1 : quota / period;
}
#endif

}  // namespace

ThreadPool* makeThreadPool() { return new Team(); }

void dropThreadPool(ThreadPool* pool) { delete static_cast<Team*>(pool); }

int32_t coresHere() {
  long cores = 0;
#if defined(__linux__)
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof(set), &set) == 0) {
    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
      if (!CPU_ISSET(cpu, &set)) continue;
      char path[96];
      snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%d/topology/thread_siblings_list", cpu);
      // The list starts with the smallest number: the first thread of a core, unless this process may not use that.
      const long first = numberIn(path);
      if (first < 0 || first == cpu || first >= CPU_SETSIZE || !CPU_ISSET(static_cast<int>(first), &set)) cores++;
    }
    const long most = granted();
    if (most > 0 && most < cores) cores = most;
  }
#endif
  if (cores <= 0) cores = sysconf(_SC_NPROCESSORS_ONLN);
  return static_cast<int32_t>(cores < 1 ? 1 : cores > mostThreads ? mostThreads : cores);
}

}  // namespace longspan
