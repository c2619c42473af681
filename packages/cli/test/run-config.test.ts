import { describe, expect, it } from "vitest";
import { checkSettings } from "../src/run-config.js";
import { integer } from "../src/settings/kinds.js";
import { setting } from "../src/settings/setting.js";

const row = { group: "training", help: "", default: 5 } as const;

describe("settings of a run that is older than a setting", () => {
  it("have what such runs had, not the default", () => {
    const table = { later: setting(integer(1), { ...row, before: 2 }) };
    expect(checkSettings(table, {})).toEqual({ later: 2 });
    expect(checkSettings(table, { later: 3 })).toEqual({ later: 3 });
    expect(() => checkSettings(table, { later: 0 })).toThrow("settings.later is 0, expected a whole number");
  });

  it("are refused where nothing says what they had", () => {
    const table = { always: setting(integer(1), row) };
    expect(() => checkSettings(table, {})).toThrow("settings.always is undefined, expected a whole number");
  });
});
