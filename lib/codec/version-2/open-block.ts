import { type ArchiveRecord, createOrigin, type RecordOrigin } from '../records/archive-record.js';
import { areFew, BlockSelection, type RecordSelection } from './block-selection.js';
import { type BodyOptions, BodyReader } from './body-reader.js';
import type { FrameHeader } from './frame-header.js';

/**
 * A block with more records is opened in slices of this many: a record of 3 bytes becomes an object
 * of 150.
 */
export const SLICE_RECORDS = 4096;

export interface OpenBlockOptions extends BodyOptions {
  /** Selects records. @default all */
  readonly selection?: RecordSelection | undefined;
}

/** The rest of a block with many records. */
export interface BlockRest {
  /** Appends the wanted records of the next slice. Returns false if it was the last one. */
  next(into: ArchiveRecord[]): boolean;
}

/**
 * Opens a records body (docs/format.md, "Records") with a good checksum, and appends its wanted
 * records to `into`. It walks the whole body once, so no fault in it can surface later.
 *
 * @returns the rest of a block with many records, if there is any
 * @throws DamageError, with nothing appended
 */
export function openBlock(
  header: FrameHeader,
  body: Buffer,
  options: OpenBlockOptions,
  into: ArchiveRecord[],
): BlockRest | undefined {
  const reader = new BodyReader(header, body, options);
  const layout = reader.readLayout();
  const origin = createOrigin(options.archive, header.writer, layout, options.offset);
  const { selection } = options;
  const wanted =
    selection === undefined ? 'all' : BlockSelection.create(header, layout.rawKeys, selection);
  if (wanted === 'none') return undefined;
  if (header.records > SLICE_RECORDS) {
    reader.check();
    const rest = new SlicedBlock(reader, origin, header.records, wanted);
    return rest.next(into) ? rest : undefined;
  }
  const before = into.length;
  try {
    reader.readAll(wanted, origin, into);
  } catch (error) {
    into.length = before;
    throw error;
  }
  if (wanted !== 'all') copyIfFew(into, before, header.records);
  return undefined;
}

/** Copies the records from `before` on if they are few of `records`. */
function copyIfFew(into: ArchiveRecord[], before: number, records: number): void {
  if (!areFew(into.length - before, records)) return;
  for (const [i, record] of into.slice(before).entries()) into[before + i] = record.copy();
}

/**
 * Checks a records body with a good checksum, and makes no objects of its records.
 *
 * @throws DamageError
 */
export function checkBlock(header: FrameHeader, body: Buffer, options: BodyOptions): void {
  const reader = new BodyReader(header, body, options);
  reader.readLayout();
  reader.check();
}

class SlicedBlock implements BlockRest {
  readonly #reader: BodyReader;
  readonly #origin: RecordOrigin;
  readonly #wanted: BlockSelection | 'all';
  #left: number;

  constructor(
    reader: BodyReader,
    origin: RecordOrigin,
    records: number,
    wanted: BlockSelection | 'all',
  ) {
    this.#reader = reader;
    this.#origin = origin;
    this.#wanted = wanted;
    this.#left = records;
  }

  next(into: ArchiveRecord[]): boolean {
    const before = into.length;
    const count = Math.min(this.#left, SLICE_RECORDS);
    this.#reader.readChecked(count, this.#wanted, this.#origin, into);
    this.#left -= count;
    if (this.#wanted !== 'all') copyIfFew(into, before, count);
    return this.#left > 0;
  }
}
