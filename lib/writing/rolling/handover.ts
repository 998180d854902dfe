import type { ArchiveDraft } from '../receipts/archive-draft.js';
import type { ArchiveEnd } from './archive-sealer.js';

/** Bytes of an archive on their way to its file. */
export interface Handover {
  readonly draft: ArchiveDraft;
  readonly bytes: Buffer;
  /** How many records the archive has with them. */
  readonly records: number;
  /** Given with the last bytes of the archive, which is then sealed. */
  readonly end: ArchiveEnd | null;
}
