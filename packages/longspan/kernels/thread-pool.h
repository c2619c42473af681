// Threads that wait for work. Only the addon has them; WebAssembly runs on one.
#pragma once
#include "program.h"

namespace longspan {

/** A pool without threads yet; they are started when work first asks for them. nullptr if there is no memory. */
ThreadPool* makeThreadPool();

/** Ends the threads and waits for them. */
void dropThreadPool(ThreadPool* pool);

/** Physical cores that this process may use: by affinity, without a core's second thread, at most as many as a control group allows. */
int32_t coresHere();

}  // namespace longspan
