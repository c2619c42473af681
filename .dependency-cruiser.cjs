// The rooms of the library and what each may import besides itself and `check`, which checks what users give.
// src/index.ts, src/engine.ts, src/node.ts and src/web.ts, the entries, may import every room; a room imports them never.
const belowUnfold = ["compile", "cell", "autodiff", "ops", "tensor", "program"];
const unfoldAndBelow = ["unfold", ...belowUnfold];
const rooms = {
  check: [],
  program: [],
  recording: ["program"],
  lower: ["program"],
  executors: ["lower", "recording", "program"],
  tensor: ["recording", "program"],
  capture: ["tensor", "recording", "program"],
  ops: ["tensor", "program"],
  "linear-algebra": ["ops", "tensor"],
  autodiff: ["ops", "tensor"],
  cell: ["autodiff", "ops", "tensor"],
  compile: ["cell", "autodiff", "ops", "tensor", "program"],
  unfold: belowUnfold,
  optim: ["autodiff", "ops", "tensor"],
  "second-order": ["optim", "unfold", "autodiff", "ops", "tensor"],
  io: ["tensor"],
  data: ["unfold", "ops", "tensor"],
  nn: ["linear-algebra", "recording", ...unfoldAndBelow],
  decode: ["nn", "capture", "unfold", "ops", "tensor"],
  draw: ["nn", "linear-algebra", ...unfoldAndBelow],
  flow: ["nn", "linear-algebra", ...unfoldAndBelow],
  tasks: ["decode", "train", "nn", "cell", "data", "ops", "unfold", "tensor"],
  exchange: ["nn", "io", "ops", "unfold", "tensor"],
  runs: ["tasks", "nn", "cell", "data", "io", "ops", "unfold", "tensor"],
  web: ["runs", "data", "tasks", "nn", "executors", "tensor"],
  node: ["train", "tasks", "runs", "nn", "data", "io", "tensor"],
  train: ["flow", "nn", "data", "optim", "io", "executors", "capture", ...unfoldAndBelow],
};

const library = "^packages/longspan/src/";
const inRooms = (names) => `${library}(${names.join("|")})/`;

const roomRules = Object.entries(rooms).map(([room, allowed]) => ({
  name: `room-${room}`,
  comment: `${room} imports only: ${allowed.join(", ") || "nothing outside itself"}`,
  severity: "error",
  from: { path: inRooms([room]) },
  to: { path: library, pathNot: inRooms([room, "check", ...allowed]) },
}));

/** @type {import("dependency-cruiser").IConfiguration} */
module.exports = {
  forbidden: [
    ...roomRules,
    {
      name: "every-file-in-a-room",
      comment: "library code lives in one of the rooms listed above; only the entries stand outside",
      severity: "error",
      from: {
        path: library,
        pathNot: [`${library}(index|engine|node|web)\\.ts$`, inRooms(Object.keys(rooms))],
      },
      to: {},
    },
    {
      name: "library-stands-alone",
      comment: "the library has no runtime dependency and uses no Node module",
      severity: "error",
      from: { path: library, pathNot: inRooms(["node"]) },
      to: { pathNot: library },
    },
    {
      name: "node-room-uses-node-only",
      severity: "error",
      from: { path: inRooms(["node"]) },
      to: { pathNot: [library, "^(node:)?(fs|os|path|perf_hooks)$"] },
    },
    {
      name: "cli-uses-public-entry",
      comment: "the command line uses the library as its users do: through `longspan`",
      severity: "error",
      from: { path: "^packages/cli/" },
      to: { path: "^packages/longspan/", pathNot: `${library}(index|node)\\.ts$` },
    },
    {
      name: "formats-use-public-entries",
      comment: "formats use the library as its users do, and no Node module",
      severity: "error",
      from: { path: "^packages/formats/src/" },
      to: {
        path: ["^packages/", "^(node:)?(fs|os|path|child_process|zlib)$"],
        pathNot: ["^packages/formats/src/", "/node_modules/", `${library}(index|engine)\\.ts$`],
      },
    },
    {
      name: "mpi-uses-public-entries",
      comment: "what joins ranks uses the library as its users do",
      severity: "error",
      from: { path: "^packages/mpi/src/" },
      to: { path: "^packages/", pathNot: ["^packages/mpi/src/", `${library}(index|node)\\.ts$`] },
    },
    {
      name: "no-circular",
      severity: "error",
      from: {},
      to: { circular: true },
    },
    {
      name: "no-unresolvable",
      severity: "error",
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.test.json" },
    enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["import", "types", "default"] },
  },
};
