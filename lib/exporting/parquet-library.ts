import type { ParquetWriter, SchemaElement } from 'hyparquet-writer';

/** The parts of hyparquet-writer that are used. Its version is pinned, because some are not public. */
export interface ParquetLibrary {
  readonly ByteWriter: typeof import('hyparquet-writer').ByteWriter;
  readonly ParquetWriter: typeof import('hyparquet-writer').ParquetWriter;
  readonly writeDataPage: typeof import('hyparquet-writer/src/datapage.js').writeDataPageV2;
  readonly writePageHeader: typeof import('hyparquet-writer/src/datapage.js').writePageHeader;
  readonly writeDictionaryPage: typeof import('hyparquet-writer/src/dictionary.js').writeDictionaryPage;
}

/** Loads hyparquet-writer on first use: most programs export no Parquet. */
export async function loadParquetLibrary(): Promise<ParquetLibrary> {
  const { ByteWriter, ParquetWriter } = await import('hyparquet-writer');
  const { writeDataPageV2, writePageHeader } = await import('hyparquet-writer/src/datapage.js');
  const { writeDictionaryPage } = await import('hyparquet-writer/src/dictionary.js');
  return {
    ...{ ByteWriter, ParquetWriter, writeDictionaryPage, writePageHeader },
    writeDataPage: writeDataPageV2,
  };
}

/** A column of a row group in the footer. */
export type ColumnChunk = ParquetWriter['row_groups'][number]['columns'][number];

type ColumnFacts = NonNullable<ColumnChunk['meta_data']>;

/** The footer's entry of a chunk of bytes or text, whose pages were written from `begin` on. */
export function describeChunk(
  parquet: ParquetWriter,
  begin: number,
  path: readonly SchemaElement[],
  facts: Pick<ColumnFacts, 'encodings' | 'num_values' | 'total_uncompressed_size'> & {
    readonly dataPageOffset: number;
  },
): ColumnChunk {
  const { dataPageOffset, ...rest } = facts;
  return {
    file_offset: BigInt(begin),
    meta_data: {
      ...rest,
      type: 'BYTE_ARRAY',
      path_in_schema: path.slice(1).map(({ name }) => name),
      codec: parquet.codec,
      total_compressed_size: BigInt(parquet.writer.offset - begin),
      data_page_offset: BigInt(dataPageOffset),
      ...(dataPageOffset > begin && { dictionary_page_offset: BigInt(begin) }),
    },
  };
}
