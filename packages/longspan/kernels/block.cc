#include "array.h"

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace longspan {

char* Block::reserve(int64_t bytes) {
  if (bytes <= bytes_ && data_ != nullptr) return data_;
  free(raw_);
  raw_ = nullptr;
  data_ = nullptr;
  bytes_ = 0;
  // Half as much again, so that sizes that creep up do not allocate at each step.
  const int64_t wanted = bytes + bytes / 2 + 64;
  constexpr int64_t hugePage = 1 << 21;
  const int64_t boundary = wanted >= 2 * hugePage ? hugePage : 64;
  raw_ = malloc(static_cast<size_t>(wanted + boundary));
  if (raw_ == nullptr) return nullptr;
  const uintptr_t start = reinterpret_cast<uintptr_t>(raw_);
  const uintptr_t edge = static_cast<uintptr_t>(boundary);
  data_ = reinterpret_cast<char*>((start + edge - 1) / edge * edge);
  bytes_ = wanted;
#if defined(__linux__) && defined(MADV_HUGEPAGE)
  if (boundary == hugePage) madvise(data_, static_cast<size_t>(wanted / hugePage * hugePage), MADV_HUGEPAGE);
#endif
  return data_;
}

}  // namespace longspan
