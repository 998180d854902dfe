import type { ArchiveFile } from './archive-file.js';

/** How the last bytes of an archive, and its name, follow from what is in it. */
export interface SealSteps {
  /** The index; null where there is none. */
  index(file: ArchiveFile): Promise<Buffer | null>;
  name(file: ArchiveFile): Promise<string>;
  /** All that is in the archive lasts. */
  onSynced(): void;
}

/** What of a draft its file does not hold: a beginning that is in files which others recover. */
export interface MissingBeginning {
  readonly bytes: number;
  readonly records: number;
  /** How many files hold it. */
  readonly archives: number;
}
