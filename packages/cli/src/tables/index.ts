export { openTable, type Table, type TableOptions } from "./open-table.js";
export { type Row, shown } from "./row.js";
export { type Position, TableError } from "./table-error.js";
export { type TableFormat, tableFormats } from "./table-format.js";
export { type TextLine, textLines } from "./text-lines.js";
