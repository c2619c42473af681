import type { RowGroup } from "hyparquet";
import { parquetHeader } from "hyparquet/src/column.js";

/** Bytes of a page that is unpacked from which a damaged length is more likely than a page. */
const largest = 2 ** 30;

/**
 * Checks the lengths that the pages of a group of rows say: that each lies within its column, and that all have the values that the file
 * says. A reader that takes them as they are may go back and never end.
 * @param read some bytes of the file
 * @throws Error saying what is wrong
 */
export function checkPages(group: RowGroup, read: (from: number, to: number) => ArrayBuffer): void {
  for (const { meta_data: column } of group.columns) {
    if (column === undefined) throw new Error("a column has no description");
    const name = column.path_in_schema.join(".");
    const from = Number(column.dictionary_page_offset || column.data_page_offset);
    const reader = { view: new DataView(read(from, from + Number(column.total_compressed_size))), offset: 0 };
    const length = reader.view.byteLength;
    let values = 0;
    while (reader.offset < length - 1) {
      const header = parquetHeader(reader);
      const { compressed_page_size: packed, uncompressed_page_size: unpacked } = header;
      if (!(packed >= 0 && reader.offset + packed <= length))
        throw new Error(`a page of ${name} is ${packed} bytes long`);
      if (!(unpacked >= 0 && unpacked <= largest))
        throw new Error(`a page of ${name} is ${unpacked} bytes long when it is unpacked`);
      const { data_page_header: data, data_page_header_v2: data2, dictionary_page_header: words } = header;
      const count = data?.num_values ?? data2?.num_values ?? words?.num_values ?? 0;
      if (!(count >= 0 && count <= largest))
        throw new Error(`a page of ${name} says that it has ${count} values`);
      if (words === undefined) values += count;
      if (
        data2 &&
        !(Math.max(data2.definition_levels_byte_length, data2.repetition_levels_byte_length) <= unpacked)
      )
        throw new Error(`a page of ${name} has more levels than bytes`);
      reader.offset += packed;
    }
    const rows = Number(group.num_rows);
    const isFlat = column.path_in_schema.length === 1;
    if (values !== Number(column.num_values) || (isFlat && values !== rows))
      throw new Error(`${name} has ${values} values for ${rows} rows`);
  }
}
