/** The manifest of a package, as far as the bundle concerns it. */
export interface Manifest {
  readonly exports: Readonly<Record<string, unknown>>;
  readonly sideEffects: readonly string[];
}
export const bundleFolder: string;
export function bundleForNode(library: string, to?: string): Promise<Record<string, number>>;
export function withBundle<M extends Manifest>(manifest: M): M;
