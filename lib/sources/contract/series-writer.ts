import type { RecordInput } from '../../codec/records/record-input.js';
import type { CloseOptions, CloseResult } from '../../writing/close-options.js';
import type { Receipt } from '../../writing/receipts/receipt.js';
import type { ArchivedAt, ArchivedSearch } from '../../writing/sequences/find-archived-record.js';

/** What `archiveFrom` needs of the writer of a series: `createArchiveWriter` returns one. */
export interface SeriesWriter {
  append(record: RecordInput): Receipt;
  ready(): Promise<void>;
  close(options?: CloseOptions): Promise<CloseResult>;
  on(event: 'error', listener: (error: Error) => void): unknown;
  /** Undefined if the writer cannot see what is archived. */
  findArchived?(sequence: number, search?: ArchivedSearch): Promise<ArchivedAt | undefined>;
}
