// The time of MPI_Allreduce of so many floats, as the library's own programs measure it: allreduce REPEATS BYTES ...
// One line for each size on the first rank: bytes and the median in microseconds.
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>

static int compare(const void* a, const void* b) {
  const double d = *(const double*)a - *(const double*)b;
  return d < 0 ? -1 : d > 0;
}

int main(int argc, char** argv) {
  MPI_Init(&argc, &argv);
  int rank = 0;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  const int repeats = atoi(argv[1]);
  double* times = malloc(sizeof(double) * (size_t)repeats);
  for (int k = 2; k < argc; k++) {
    const int n = atoi(argv[k]) / 4;
    float* numbers = calloc((size_t)n, sizeof(float));
    for (int i = -3; i < repeats; i++) {
      MPI_Barrier(MPI_COMM_WORLD);
      const double begin = MPI_Wtime();
      MPI_Allreduce(MPI_IN_PLACE, numbers, n, MPI_FLOAT, MPI_SUM, MPI_COMM_WORLD);
      if (i >= 0) times[i] = MPI_Wtime() - begin;
    }
    qsort(times, (size_t)repeats, sizeof(double), compare);
    if (rank == 0) printf("%d %.1f\n", n * 4, 1e6 * times[repeats / 2]);
    free(numbers);
  }
  MPI_Finalize();
  return 0;
}
