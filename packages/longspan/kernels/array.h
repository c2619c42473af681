// A growing array and the few C functions that the kernels need, so that they build without a standard library
// (WebAssembly) and share no template with code compiled for another instruction set.
#pragma once
#include <stddef.h>
#include <stdint.h>

extern "C" {
void* malloc(size_t bytes) noexcept;
void free(void* memory) noexcept;
}

#define LONGSPAN_INLINE inline __attribute__((always_inline))
// Loops over whole lines, which are called from several places: a page loads them once.
#ifdef __wasm__
#define LONGSPAN_SHARED inline __attribute__((noinline))
// Instructions that are seldom what a program waits for: there a page spares bytes.
#define LONGSPAN_SMALL __attribute__((minsize))
#else
#define LONGSPAN_SHARED inline
#define LONGSPAN_SMALL
#endif

namespace longspan {

/** Elements of plain data. Growth that the system refuses leaves `failed` set and the array as it was. */
template <class T>
class Array {
 public:
  Array() = default;
  Array(const Array&) = delete;
  Array& operator=(const Array&) = delete;
  LONGSPAN_INLINE ~Array() { free(data_); }

  LONGSPAN_INLINE T& operator[](int64_t i) { return data_[i]; }
  LONGSPAN_INLINE const T& operator[](int64_t i) const { return data_[i]; }
  LONGSPAN_INLINE T* begin() const { return data_; }
  LONGSPAN_INLINE T* end() const { return data_ + size_; }
  LONGSPAN_INLINE int64_t size() const { return size_; }

  /** Sets the size; elements beyond the old size are zero. Inlined: see above. */
  LONGSPAN_INLINE bool resize(int64_t size) {
    if (size > capacity_) {
      int64_t wanted = capacity_ * 2 > size ? capacity_ * 2 : size;
      T* grown = static_cast<T*>(malloc(static_cast<size_t>(wanted) * sizeof(T)));
      if (grown == nullptr) return false;
      if (size_ > 0) __builtin_memcpy(static_cast<void*>(grown), data_, static_cast<size_t>(size_) * sizeof(T));
      free(data_);
      data_ = grown;
      capacity_ = wanted;
    }
    if (size > size_)
      __builtin_memset(static_cast<void*>(data_ + size_), 0, static_cast<size_t>(size - size_) * sizeof(T));
    size_ = size;
    return true;
  }

 private:
  T* data_ = nullptr;
  int64_t size_ = 0;
  int64_t capacity_ = 0;
};

/** Aligned memory that only grows: workspaces and packed weights. */
class Block {
 public:
  Block() = default;
  Block(const Block&) = delete;
  Block& operator=(const Block&) = delete;
  ~Block() { free(raw_); }

  /** At least `bytes` of memory on a cache line's boundary, or nothing; contents are lost when it grows. */
  char* reserve(int64_t bytes);
  char* data() const { return data_; }
  int64_t bytes() const { return bytes_; }

 private:
  void* raw_ = nullptr;
  char* data_ = nullptr;
  int64_t bytes_ = 0;
};

}  // namespace longspan
