// The platforms that get a package of their own with the addon built for them. `longspan` names all as optional dependencies, and npm
// installs the one that fits. A package is made on a machine of its platform; on Linux with x64 it is linked against an old C library.

/** What npm compares with the machine, and where the addon's C library comes from. */
export const platforms = [
  { name: "longspan-linux-x64-gnu", os: "linux", cpu: "x64", libc: "glibc" },
  { name: "longspan-linux-arm64-gnu", os: "linux", cpu: "arm64", libc: "glibc" },
  { name: "longspan-darwin-arm64", os: "darwin", cpu: "arm64" },
  { name: "longspan-darwin-x64", os: "darwin", cpu: "x64" },
];

/** The platform of this machine, or undefined if it gets no package. */
export function platformHere() {
  const musl = process.platform === "linux" && !process.report.getReport().header.glibcVersionRuntime;
  return platforms.find((p) => p.os === process.platform && p.cpu === process.arch && !musl);
}
