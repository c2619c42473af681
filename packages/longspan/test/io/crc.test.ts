import { expect, it } from "vitest";
import { crc32c } from "../../src/io/crc.js";

const ascii = (text: string) => Uint8Array.from(text, (c) => c.charCodeAt(0));

// The examples of RFC 3720, appendix B.4, and the check value of the catalogue of parametrised CRC algorithms.
it.each([
  ["no bytes", new Uint8Array(), 0],
  ["32 bytes of zeros", new Uint8Array(32), 0x8a9136aa],
  ["32 bytes of ones", new Uint8Array(32).fill(0xff), 0x62a8ab43],
  ["32 bytes going up", Uint8Array.from({ length: 32 }, (_, i) => i), 0x46dd794e],
  ["32 bytes going down", Uint8Array.from({ length: 32 }, (_, i) => 31 - i), 0x113fdb5c],
  [
    "an iSCSI read command",
    Uint8Array.of(
      ...[0x01, 0xc0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x14, 0, 0, 0, 0, 0, 0x04, 0],
      ...[0, 0, 0, 0x14, 0, 0, 0, 0x18, 0x28, 0, 0, 0, 0, 0, 0, 0, 0x02, 0, 0, 0, 0, 0, 0, 0],
    ),
    0xd9963a56,
  ],
  ["123456789", ascii("123456789"), 0xe3069283],
])("crc32c of %s", (_, bytes, expected) => {
  expect(crc32c(bytes)).toBe(expected);
});
