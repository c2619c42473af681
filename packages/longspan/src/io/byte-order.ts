/** Whether this machine stores the low byte first, as the file does. */
export const isLittleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

/** Turns elements of `width` bytes between the file's byte order and the machine's, in place. */
export function toFromLittleEndian(bytes: Uint8Array, width: number, machineIsLittle = isLittleEndian): void {
  if (machineIsLittle) return;
  for (let i = 0; i < bytes.length; i += width) bytes.subarray(i, i + width).reverse();
}
