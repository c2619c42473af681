// A program as the executor keeps it: parsed from the flat encoding (docs/decisions/0012), checked once, then trusted.
#pragma once
#include "array.h"
#include "encoding.h"

namespace longspan {

constexpr int32_t rowsSame = -1;
constexpr int32_t rowsFixed = -2;

LONGSPAN_INLINE bool isBound(Role role) { return role == Role::input || role == Role::output; }

LONGSPAN_INLINE int64_t sizeOf(DType dtype) { return dtype == DType::float64 ? 8 : 4; }

struct Buffer {
  DType dtype;
  int32_t space;
  int32_t columns;
  Role role;
  int32_t clearHead;
};

struct View {
  int32_t buffer;
  int32_t offset;
  /** rowsSame, rowsFixed, or a table. */
  int32_t rows;
};

struct Operand {
  /** Where a map operation finds or leaves a value of one row. */
  Storage storage;
  DType dtype;
  /** Elements per row. */
  int32_t size;
  /**
   * Number of its scratch slot, of a constant and of lines of a nest among `blocks`. A view whose rows may lie scattered, or are one for
   * all, has one too; otherwise -1.
   */
  int32_t slot;
  View view;
  double value;
  /** A view that is written rather than read. */
  int32_t written;

  /** Whether it has a view: operands of maps that are read or stored, and sums over lists. */
  LONGSPAN_INLINE bool hasView() const { return storage == Storage::view || storage == Storage::sum; }
};

struct MapOp {
  OpKind kind;
  int32_t code;
  int32_t out;
  int32_t a;
  int32_t b;
  int32_t c;
  /** move, insert: base; iota: inner; uniform: site. */
  int32_t extra;
  /** Where its dimensions start in `dims` (pairs of extent and stride) and how many; for a reduction the kept come first. */
  int32_t dims;
  int32_t dimCount;
  int32_t keptCount;
};

/** Operations on matrices [lines, columns] of each row, some lines at a time: `count` of the map's, from `first` on. */
struct Nest {
  int32_t lines;
  int32_t columns;
  int32_t linesAtOnce;
  int32_t first;
  int32_t count;

  LONGSPAN_INLINE int64_t size() const { return static_cast<int64_t>(lines) * columns; }
};

struct Map {
  Array<Operand> operands;
  /** Those of nests come behind the `own` operations of the map. */
  Array<MapOp> ops;
  int64_t own = 0;
  Array<Nest> nests;
  Array<int32_t> dims;
  /** Bytes of each slot that does not grow with the rows. */
  Array<int32_t> blocks;
  /** Bytes per tile row of each scratch slot. */
  Array<int32_t> slots;
  /** Elements per row of the largest operand. */
  int32_t widest = 1;
  /** All operands have one size and every op works element by element: columns may be cut. */
  int32_t uniform = 0;
};

struct Instruction {
  Kind kind;
  int32_t space;
  View out;
  View a;
  View b;
  View c;
#define LONGSPAN_FIELD(name) int32_t name;
  LONGSPAN_SIZES(LONGSPAN_FIELD)
  LONGSPAN_FLAGS(LONGSPAN_FIELD)
#undef LONGSPAN_FIELD
  /** Of a map over lists: the space whose rows the lists name. */
  int32_t listSpace = -1;
  /** Number of the map in `maps`, and of the pack in `packs`. */
  int32_t map;
  int32_t pack;
};

/** A packed right operand, valid while the memory that it was made from has the same version. */
struct Pack {
  Block block;
  const void* from = nullptr;
  uint64_t version = 0;
  /** The run that packed it, where the operand is not an input. */
  uint64_t run = 0;
  bool valid = false;
};

struct Program {
  Array<Buffer> buffers;
  /** 1: a table of lists. */
  Array<int32_t> tables;
  Array<Instruction> regions[3];
  Array<Map*> maps;
  Array<Pack*> packs;

  ~Program();
};

/** Reads a program; every number is checked. Returns nullptr and sets `error` if one is wrong. */
Program* parseProgram(const int32_t* ints, int64_t intCount, const double* reals, int64_t realCount, const char** error);

/** Rows of a table over a range of rows, if they lie evenly: row r is `first + step (r - begin)`. */
struct StridedRows {
  int32_t first;
  /** 0, 1, or -1 for rows that lie scattered. */
  int32_t step;
};

struct Table {
  int32_t offset = 0;
  /** Empty if row r is `offset + r`. */
  Array<int32_t> index;
  Array<int32_t> starts;
  /** By level, for each space with levels that the table can be read from. */
  Array<StridedRows> strides[levelledSpaces];
};

struct ExecutionPlan;

/** A program over a schedule: row counts and tables checked against each other, so that a run only checks its bindings. */
struct ScheduledProgram {
  Program* program = nullptr;
  int32_t counts[spaces];
  int32_t levels;
  int32_t headRows;
  /** By space with levels, and by level: the rows [begin, end). */
  Array<int32_t> begin[levelledSpaces];
  Array<int32_t> end[levelledSpaces];
  Array<Table*> tables;
  /** Rows of each buffer. */
  Array<int64_t> rows;
  /** How it is carried out by so many threads as the last run had; see execution-plan.h. */
  ExecutionPlan* execution = nullptr;

  ~ScheduledProgram();
};

ScheduledProgram* scheduleProgram(Program* program, const int32_t* ints, int64_t count, const char** error);

struct Memory {
  char* data;
  int64_t bytes;
  uint64_t version;
};

struct Binding {
  Memory* memory;
  /** In elements. */
  int64_t offset;
};

/** What stopped a run. */
struct Failure {
  int32_t index;
  int32_t row;
  int32_t position;
  int32_t size;
};

enum class Status : int32_t { ok = 0, badIndex = 1, noMemory = 2 };

/** Rows [begin, end). */
struct Segment {
  int64_t begin;
  int64_t end;
};

/** Memory of one thread: what its part of an execution plan keeps, scratch of maps, packed operands. */
struct Workspace {
  Block own;
  Block sums;
  Block scratch;
  Block left;
  Block right;
  Block gathered[2];
  /** Where buffers lie, and rows to go through: kept, so that a run of a few instructions takes no memory. */
  Array<char*> memory;
  Array<Segment> segments;
  Array<Segment> block;
  /** Of a map: how the rows of its views lie over a span, and which of its slots are used. */
  Array<StridedRows> lies;
  Array<uint8_t> used;
};

constexpr int32_t mostThreads = 64;

/** Threads that work together: calls work(data, 0..n-1), the first on the caller's own, and returns when all have ended. */
struct ThreadPool {
  void (*each)(ThreadPool* pool, int32_t n, void (*work)(void* data, int32_t which), void* data);
};

/** Memory that runs share; one run at a time uses it. */
struct Workspaces {
  Block temporaries;
  Workspace* threads[mostThreads] = {};
  /** Runs so far: what a run packs for itself is known by its number. */
  uint64_t runs = 0;

  Workspaces() = default;
  Workspaces(const Workspaces&) = delete;
  Workspaces& operator=(const Workspaces&) = delete;
  ~Workspaces();
  /** Makes the workspaces of so many threads. */
  bool reserve(int32_t threads);
  int64_t bytes() const;
};

struct RunArguments {
  ScheduledProgram* scheduled;
  /** By buffer; temporaries have none. */
  const Binding* bindings;
  Workspaces* workspaces;
  int32_t threads;
  /** Work that takes less than so many nanoseconds is not worth a second thread. */
  double leastShared;
  /** Null where there is one thread. */
  ThreadPool* pool;
  Failure* failure;
};

/** Floats of memory that a trial takes, and operations that it does. */
constexpr int64_t trialFloats = (64 + 256) * 512 + 64 * 256;
constexpr double trialOperations = 2.0 * 64 * 512 * 256;

/** The kernels compiled for one instruction set. */
struct Kernels {
  const char* name;
  Status (*run)(const RunArguments&);
  /** A product of 64 x 512 by 512 x 256 numbers in this memory, on one thread: to be timed. */
  void (*trial)(float* memory);
  /** Whether multiplications are fused with additions. Sets that do alike give the same bits. */
  int32_t fused;
};

}  // namespace longspan
