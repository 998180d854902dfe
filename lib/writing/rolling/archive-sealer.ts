import { join } from 'node:path';

import type { ArchiveFormat } from '../../codec/records/record-encoder.js';
import { encodeIndexFrame } from '../../codec/version-2/archive-index.js';
import { SHA256_BYTES } from '../../format/index-body.js';
import type { ArchiveTemplate } from '../../series/names/archive-template.js';
import type { OwnSealedArchive } from '../handlers/archive-handler.js';
import type { ArchiveDraft } from '../receipts/archive-draft.js';
import type { ArchiveFile } from '../sink/archive-file.js';
import type { ArchiveSink, MissingBeginning } from '../sink/archive-sink.js';

/** Facts about the end of an archive, for its index. */
export interface ArchiveEnd {
  /** The sequence of the first record of the next archive. */
  readonly nextSequence: number;
  /** Whether this is the writer's last archive. */
  readonly writerEnded: boolean;
}

export interface ArchiveSealerOptions {
  readonly directory: string;
  readonly template: ArchiveTemplate;
  readonly format: ArchiveFormat;
  readonly writerId: Uint8Array;
}

/** Written where the previous archive's digest is not known, and in the first archive. */
const UNKNOWN_SHA256 = new Uint8Array(SHA256_BYTES);

/** Seals the archives of one writer in order: each index holds the digest of the archive before. */
export class ArchiveSealer {
  readonly #options: ArchiveSealerOptions;
  readonly #writer: string;
  #previousSha256: Uint8Array = UNKNOWN_SHA256;
  /**
   * How many archives other processes recovered from the beginnings of drafts, beyond one per
   * draft.
   */
  #recoveredByOthers = 0;

  constructor(options: ArchiveSealerOptions) {
    this.#options = options;
    this.#writer = Buffer.from(options.writerId).toString('hex');
  }

  /**
   * Appends the indexes, if the format has them and the disk has room, and gives the archive its final
   * name.
   *
   * @param onSynced called when all records of the archive are synced
   * @returns null if other processes have taken over all of the archive, and seal it
   */
  async seal(
    draft: ArchiveDraft,
    archive: ArchiveSink,
    end: ArchiveEnd,
    onSynced: () => void,
  ): Promise<OwnSealedArchive | null> {
    const name = await archive.seal({
      index: (file) => this.#indexOf(draft, file, archive.missing, end),
      name: (file) => this.#nameOf(draft, file, archive.missing),
      onSynced,
    });
    const { missing } = archive;
    const ordinal = this.#ordinalOf(draft, missing);
    // If nothing of the draft is left here, one of the recovered archives takes the draft's own
    // ordinal.
    this.#recoveredByOthers += name === null ? missing.archives - 1 : missing.archives;
    if (name === null) {
      this.#previousSha256 = UNKNOWN_SHA256;
      return null;
    }
    const { bytes } = archive.file;
    const sha256 = await archive.file.mark().sha256();
    this.#previousSha256 = sha256;
    return {
      path: join(this.#options.directory, name),
      name,
      ordinal,
      writer: this.#writer,
      openedAt: draft.openedAt,
      bytes,
      records: draft.records - missing.records,
      sha256: sha256.toString('hex'),
      firstTime: dateOf(draft.firstTime),
      lastTime: dateOf(draft.lastTime),
      format: this.#options.format,
    };
  }

  #ordinalOf(draft: ArchiveDraft, missing: MissingBeginning): number {
    return draft.ordinal + this.#recoveredByOthers + missing.archives;
  }

  async #nameOf(
    draft: ArchiveDraft,
    file: ArchiveFile,
    missing: MissingBeginning,
  ): Promise<string> {
    const sha256 = await file.mark().sha256();
    return this.#options.template.sealedName(file.name, {
      sha256: sha256.toString('hex'),
      records: draft.records - missing.records,
      firstTimeMicros: draft.earliestMicros,
      lastTimeMicros: draft.latestMicros,
    });
  }

  async #indexOf(
    draft: ArchiveDraft,
    file: ArchiveFile,
    missing: MissingBeginning,
    end: ArchiveEnd,
  ): Promise<Buffer | null> {
    const { format, writerId } = this.#options;
    if (format !== 'v2') return null;
    const entries = draft.index.entries
      .filter(({ offset }) => offset >= missing.bytes)
      .map((entry) => ({ ...entry, offset: entry.offset - missing.bytes }));
    // In a huge archive one entry covers several blocks, some of which may be in the file that was
    // taken.
    if (entries[0]?.offset !== 0) return null;
    const { nextSequence } = end;
    const { bytes } = file;
    const metadataIndex =
      draft.metadataIndex?.encode({ writerId, nextSequence, archiveBytes: bytes }, missing.bytes) ??
      NO_FRAME;
    const index = {
      archiveBytes: bytes + metadataIndex.length,
      sha256: await file.sha256With(metadataIndex),
      records: draft.records - missing.records,
      ordinal: this.#ordinalOf(draft, missing),
      previousSha256: missing.archives === 0 ? this.#previousSha256 : UNKNOWN_SHA256,
      writerEnded: end.writerEnded,
      hasMetadataIndex: metadataIndex.length > 0,
      order: draft.index.order,
      entries,
    };
    // In one piece: a failed write leaves whole frames, and the next attempt continues after them.
    return Buffer.concat([metadataIndex, encodeIndexFrame(index, writerId, nextSequence)]);
  }
}

const NO_FRAME = Buffer.alloc(0);

function dateOf(time: number | null): Date | null {
  return time === null ? null : new Date(time);
}
