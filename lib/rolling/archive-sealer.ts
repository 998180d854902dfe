import { join } from 'node:path';

import { encodeIndexFrame } from '../codec/archive-index.js';
import type { ArchiveFormat } from '../codec/record-encoder.js';
import { SHA256_BYTES } from '../format/index-body.js';
import type { ArchiveDraft } from './archive-draft.js';
import type { ArchiveFile } from './archive-file.js';
import type { SealedArchive } from './archive-handler.js';
import type { ArchiveTemplate } from './archive-template.js';

/** What is known of an archive once its last block was handed over. */
export interface ArchiveEnd {
  /** The sequence of the record that follows, in the next archive. */
  readonly nextSequence: number;
  /** Whether no archive of this writer follows. */
  readonly writerEnded: boolean;
}

export interface ArchiveSealerOptions {
  readonly directory: string;
  readonly template: ArchiveTemplate;
  readonly format: ArchiveFormat;
  readonly writerId: Uint8Array;
}

/** Seals the archives of one writer, one after the other: each index holds the digest of the one before. */
export class ArchiveSealer {
  readonly #options: ArchiveSealerOptions;
  readonly #writer: string;
  #previousSha256: Uint8Array = new Uint8Array(SHA256_BYTES);

  constructor(options: ArchiveSealerOptions) {
    this.#options = options;
    this.#writer = Buffer.from(options.writerId).toString('hex');
  }

  /** Appends the index, where the format has one, and gives the archive its final name. */
  async seal(draft: ArchiveDraft, file: ArchiveFile, end: ArchiveEnd): Promise<SealedArchive> {
    const { directory, format, template, writerId } = this.#options;
    if (format === 'v2') {
      const index = {
        archiveBytes: file.bytes,
        sha256: file.sha256(),
        records: draft.records,
        ordinal: draft.ordinal,
        previousSha256: this.#previousSha256,
        writerEnded: end.writerEnded,
        entries: draft.index.entries,
      };
      await file.append(encodeIndexFrame(index, writerId, end.nextSequence));
    }
    const digest = file.sha256();
    const sha256 = digest.toString('hex');
    const { earliestMicros: firstTimeMicros, latestMicros: lastTimeMicros, records } = draft;
    const facts = { sha256, records, firstTimeMicros, lastTimeMicros };
    const name = await file.seal(template.sealedName(file.name, facts));
    this.#previousSha256 = digest;
    return {
      path: join(directory, name),
      name,
      ordinal: draft.ordinal,
      writer: this.#writer,
      openedAt: draft.openedAt,
      bytes: file.bytes,
      records,
      sha256,
      firstTime: dateOf(draft.firstTime),
      lastTime: dateOf(draft.lastTime),
      format,
    };
  }
}

function dateOf(time: number | null): Date | null {
  return time === null ? null : new Date(time);
}
