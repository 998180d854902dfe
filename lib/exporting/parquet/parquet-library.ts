/** The parts of hyparquet-writer that are used. Its version is pinned, because some are not public. */
export interface ParquetLibrary {
  readonly ByteWriter: typeof import('hyparquet-writer').ByteWriter;
  readonly ParquetWriter: typeof import('hyparquet-writer').ParquetWriter;
  readonly writePageHeader: typeof import('hyparquet-writer/src/datapage.js').writePageHeader;
}

/** Loads hyparquet-writer on first use: most programs export no Parquet. */
export async function loadParquetLibrary(): Promise<ParquetLibrary> {
  const { ByteWriter, ParquetWriter } = await import('hyparquet-writer');
  const { writePageHeader } = await import('hyparquet-writer/src/datapage.js');
  return { ByteWriter, ParquetWriter, writePageHeader };
}
