import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { encodeTensorBoardEvent, tensorBoardHeader } from "../../src/io/index.js";

const golden = new URL("golden/", import.meta.url);
const hex = (bytes: Uint8Array) => Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join("");

interface Contents {
  readonly header: number;
  readonly events: { wallTime: number; step: number; scalars: Record<string, number | string> }[];
}

describe("TensorBoard events", () => {
  it("are, byte for byte, what TensorBoard's writer makes", () => {
    const { header, events } = JSON.parse(
      readFileSync(new URL("tensorboard.json", golden), "utf8"),
    ) as Contents;
    const records = events.map(({ scalars, ...event }) =>
      encodeTensorBoardEvent({
        ...event,
        scalars: Object.fromEntries(Object.entries(scalars).map(([tag, v]) => [tag, Number(v)])),
      }),
    );
    const file = Buffer.concat([tensorBoardHeader(header), ...records]);
    expect(hex(file)).toBe(hex(readFileSync(new URL("tensorboard.tfevents", golden))));
  });

  it("hold an event in known bytes", () => {
    const record = encodeTensorBoardEvent({ wallTime: 1, step: 300, scalars: { a: 1.5 } });
    // wall_time 1.0; step 300 in two bytes; a summary of 10 bytes, a value of 8: the tag "a" and 1.5.
    const data = "09000000000000f03f" + "10ac02" + "2a0a" + "0a08" + "0a0161" + "150000c03f";
    expect(hex(record).slice(0, 16)).toBe("1800000000000000");
    expect(hex(record).slice(24, -8)).toBe(data);
    expect(record).toHaveLength(12 + 24 + 4);
  });

  it("without scalars are a time and a step", () => {
    expect(hex(encodeTensorBoardEvent({ wallTime: 0, step: 1, scalars: {} })).slice(24, -8)).toBe("1001");
    expect(encodeTensorBoardEvent({ wallTime: 0, step: 0, scalars: {} })).toHaveLength(16);
  });

  it("round values to float32", () => {
    const of = (v: number) => hex(encodeTensorBoardEvent({ wallTime: 1, step: 1, scalars: { a: v } }));
    expect(of(0.1)).toBe(of(Math.fround(0.1)));
    expect(of(1e39)).toBe(of(Number.POSITIVE_INFINITY));
  });

  it("refuse what the format cannot hold", () => {
    const event = { wallTime: 1, step: 1, scalars: {} };
    expect(() => encodeTensorBoardEvent({ ...event, step: 0.5 })).toThrow(
      "encodeTensorBoardEvent: step is an integer, got 0.5",
    );
    expect(() => encodeTensorBoardEvent({ ...event, step: 2 ** 53 })).toThrow("got 9007199254740992");
    expect(() => encodeTensorBoardEvent({ ...event, wallTime: Number.NaN })).toThrow(
      "encodeTensorBoardEvent: wallTime is a finite number, got NaN",
    );
    expect(() => tensorBoardHeader(Number.POSITIVE_INFINITY)).toThrow("got Infinity");
    expect(() => encodeTensorBoardEvent({ ...event, scalars: { "\ud800": 1 } })).toThrow(
      'encodeTensorBoardEvent: the tag "\\ud800" cannot be written in UTF-8',
    );
  });
});
