// For an addon that is linked against an older C library than the compiler's own parts were built for: what those parts would find in
// a newer one. Each stands for what the older library does without.

extern "C" {
// Whether a process has one thread; the C++ library may then leave out locks.
char __libc_single_threaded = 0;
// Finds the tables of a function for exceptions; the kernels throw none.
int _dl_find_object(void*, void*) { return -1; }
}
