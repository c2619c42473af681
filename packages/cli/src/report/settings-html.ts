import { applies } from "../settings/resolve.js";
import { type Group, nameOf, shown, type Table } from "../settings/setting.js";
import { type Html, html } from "./html.js";

/** Settings and their values, or other things that are told of the data. */
export type Rows = [name: string, value: string][];

/** The settings that acted, by group. @param data what is told of the data besides */
export function settingsTables(table: Table, settings: object, data: Rows): Html {
  const rowsIn = (group: Group) => rowsOf(table, settings, group);
  const tables: [string, Rows][] = [
    ["Model", rowsIn("model")],
    ["Training", rowsIn("training")],
    ["Data", [...data, ...rowsIn("data")]],
  ];
  return html`<section class="settings"><h2>Settings</h2>
<div class="tables">${tables
    .filter(([, rows]) => rows.length > 0)
    .map(
      ([title, rows]) =>
        html`<table><caption>${title}</caption><tbody>${rows.map(
          ([name, value]) => html`<tr><th scope="row">${name}</th><td>${value}</td></tr>`,
        )}</tbody></table>`,
    )}</div>
</section>`;
}

/** The settings of a group that acted: not those without a value, nor those that belong to other choices. */
function rowsOf(table: Table, settings: object, group: Group): Rows {
  const values: Readonly<Record<string, unknown>> = { ...settings };
  return Object.entries(table)
    .filter(([key, setting]) => setting.group === group && (values[key] ?? null) !== null)
    .filter(([key]) => applies(table, values, key))
    .map(([key, setting]) => [nameOf(key), shown(setting, values[key])]);
}
