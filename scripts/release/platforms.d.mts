/** What npm compares with the machine. */
export interface Platform {
  readonly name: string;
  readonly os: string;
  readonly cpu: string;
  readonly libc?: string;
}
export const platforms: readonly Platform[];
export function platformHere(): Platform | undefined;
