#include "wasm-threads.h"

/** Of the host: starts workers until there are so many. They come when they come; until then the caller does the work. */
extern "C" void startThreads(int32_t count);

namespace longspan {

TeamState teamState;

namespace {

/** How often a thread that has nothing to do looks for work before it sleeps: about a millisecond. */
constexpr int looksBeforeSleep = 1 << 20;
/** The same for a caller that waits for the others; it then sleeps this many nanoseconds at a time. */
constexpr int looksOfCaller = 1 << 12;
constexpr int64_t napNanoseconds = 50000;

void (*work)(void*, int32_t);
void* data;
/** Workers that the host was asked for. */
int32_t asked;
// One line of cache each: what all threads change, and what they only look at.
/** Pieces that nobody has begun: piece `open - 1` is the next. Below 1 there is none. */
alignas(64) int32_t open;
/** Pieces that have not ended. */
alignas(64) int32_t left;
/** Calls so far, and threads that sleep until there is another. */
alignas(64) int32_t calls;
int32_t sleeping;

/** Does one piece. Which thread does it changes nothing: its memory goes by its number. */
bool take() {
  const int32_t piece = __atomic_fetch_sub(&open, 1, __ATOMIC_SEQ_CST) - 1;
  if (piece < 0) return false;
  work(data, piece);
  __atomic_fetch_sub(&left, 1, __ATOMIC_SEQ_CST);
  return true;
}

void each(ThreadPool*, int32_t n, void (*f)(void*, int32_t), void* of) {
  if (asked < n - 1) startThreads(asked = n - 1);
  work = f;
  data = of;
  __atomic_store_n(&left, n, __ATOMIC_SEQ_CST);
  __atomic_store_n(&open, n, __ATOMIC_SEQ_CST);
  __atomic_fetch_add(&calls, 1, __ATOMIC_SEQ_CST);
  if (__atomic_load_n(&sleeping, __ATOMIC_SEQ_CST) > 0) __builtin_wasm_memory_atomic_notify(&calls, static_cast<unsigned>(n - 1));
  while (take()) continue;
  int looks = 0;
  while (const int32_t others = __atomic_load_n(&left, __ATOMIC_SEQ_CST))
    if (++looks > looksOfCaller && teamState.maySleep) __builtin_wasm_memory_atomic_wait32(&left, others, napNanoseconds);
}

ThreadPool team = {each};

}  // namespace

ThreadPool* wasmTeam() { return &team; }

/** What a worker does: it never returns. If a piece traps, the host calls `lose`. */
extern "C" __attribute__((export_name("help"))) void help() {
  for (int32_t seen = 0;;) {
    while (take()) __atomic_fetch_add(&teamState.helped, 1, __ATOMIC_SEQ_CST);
    int looks = 0;
    int32_t now;
    while ((now = __atomic_load_n(&calls, __ATOMIC_SEQ_CST)) == seen && looks < looksBeforeSleep) looks++;
    if (now == seen) {
      __atomic_fetch_add(&sleeping, 1, __ATOMIC_SEQ_CST);
      __builtin_wasm_memory_atomic_wait32(&calls, seen, -1);
      __atomic_fetch_sub(&sleeping, 1, __ATOMIC_SEQ_CST);
    }
    seen = now;
  }
}

/** A worker's piece trapped: the caller must not wait for it, and must not take its result for one. */
extern "C" __attribute__((export_name("lose"))) void lose() {
  __atomic_store_n(&teamState.lost, 1, __ATOMIC_SEQ_CST);
  __atomic_fetch_sub(&left, 1, __ATOMIC_SEQ_CST);
}

}  // namespace longspan
