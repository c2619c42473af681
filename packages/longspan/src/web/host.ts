/** What a page or a worker has, as far as it is used here. */
export interface Host {
  readonly location: { readonly href: string };
  readonly document?: { readonly baseURI: string };
  fetch(address: string): Promise<{
    readonly ok: boolean;
    readonly status: number;
    arrayBuffer(): Promise<ArrayBuffer>;
  }>;
}

/** The page or the worker that this runs in. */
export const host = globalThis as unknown as Host;

/** What addresses are relative to. */
export function pageAddress(): string {
  return host.document?.baseURI ?? host.location.href;
}
