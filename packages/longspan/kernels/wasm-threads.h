// Threads of WebAssembly: workers of the host on the same memory. Who starts them is src/executors/wasm/thread-pool.ts.
#pragma once
#include "program.h"

namespace longspan {

/** What wasm.cc and the host see of the team: the host reads it as int32 numbers, in this order. */
struct TeamState {
  /** Pieces of work that another thread than the caller's has done. */
  int32_t helped;
  /** 1 where the calling thread may sleep; a page's own thread may not. */
  int32_t maySleep;
  /** 1 if a thread was lost in the middle of its work since the last run. */
  int32_t lost;
};

extern TeamState teamState;

/** Calls the work of threads that wait for it; what none of them has begun, the calling thread does. */
ThreadPool* wasmTeam();

}  // namespace longspan
