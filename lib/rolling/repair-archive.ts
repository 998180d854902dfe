import { createHash } from 'node:crypto';
import { dirname } from 'node:path';

import { decodeIndexBody } from '../codec/archive-index.js';
import type { FrameHeader } from '../codec/frame-header.js';
import { parseMaxRecordBytes } from '../codec/record-encoder.js';
import type { ScannedFrame } from '../codec/scanned-frame.js';
import type { SkippedDamage } from '../codec/skipped-damage.js';
import { HEADER_BYTES, KIND_INDEX, KIND_RECORDS } from '../format/version-2.js';
import { nodeFileLayer, type OpenFile } from '../storage/file-layer.js';
import { takeName, unlinkIfThere } from '../storage/take-name.js';
import { writeAll } from '../storage/write-all.js';
import { FileSource } from './file-source.js';
import { IndexedPart, type PartOrigin } from './indexed-part.js';
import type { VerifyOptions } from './verify-archive.js';
import { type ArchivePiece, walkArchive } from './walk-archive.js';

/** How an archive is repaired: as it is verified. */
export type RepairOptions = VerifyOptions;

/** What became of an archive that was repaired. */
export interface RepairReport {
  /** The path of the original, which is as it was. */
  readonly archive: string;
  /** The path of the new archive. */
  readonly to: string;
  /** What the original had that the new archive has not. */
  readonly damage: readonly SkippedDamage[];
  /** Of the new archive. */
  readonly bytes: number;
  readonly records: number;
  /** Copied; its indexes are not counted. */
  readonly frames: number;
  /** Of all its bytes, in hex. */
  readonly sha256: string;
}

/** Frames of version 1 are short: that much is written at a time. */
const WRITE_BYTES = 2 ** 20;

/** What the file is called until it is complete. */
const PART_SUFFIX = '.part';

const LINE_FEED = Buffer.from('\n');

/**
 * Copies all that is good in an archive, plain or gzip, to a new one, which is plain and lasts when this
 * settles. Each index is written anew for the blocks that are left before it; blocks at the end that lost
 * theirs get one, too: as the writer's first archive, or as the next behind one in the same file. Frames of
 * an archive in which nothing is damaged are copied to the byte, the index included.
 *
 * @param to the new file's path; it appears there whole, or not at all
 * @throws what the system calls throw: `EEXIST` where `to` is taken, or `to` with `.part`, which it is called
 *   until it is complete
 */
export async function repairArchive(
  path: string,
  to: string,
  options: RepairOptions = {},
): Promise<RepairReport> {
  const { files = nodeFileLayer } = options;
  const maxRecordBytes = parseMaxRecordBytes(options.maxRecordBytes);
  const partial = to + PART_SUFFIX;
  const source = await files.open(path, 'r');
  try {
    const copy = new ArchiveCopy(await files.open(partial, 'wx'));
    const damage: SkippedDamage[] = [];
    try {
      const onDamage = (skipped: SkippedDamage) => damage.push(skipped);
      const pieces = walkArchive(new FileSource(source, path), { maxRecordBytes, onDamage });
      for await (const piece of pieces) await copy.add(piece);
      await copy.close();
      await takeName(files, partial, to);
    } catch (error) {
      await copy.abandon();
      await unlinkIfThere(files, partial);
      throw error;
    }
    await unlinkIfThere(files, partial);
    await files.syncDirectory(dirname(to));
    return { archive: path, to, damage, ...copy.report() };
  } finally {
    await source.close();
  }
}

/** A new archive, while it is written. */
class ArchiveCopy {
  readonly #file: OpenFile;
  readonly #hash = createHash('sha256');
  #bytes = 0;
  #records = 0;
  #frames = 0;
  #pending: Buffer[] = [];
  #pendingBytes = 0;
  #part = new IndexedPart();
  #isOpen = true;

  constructor(file: OpenFile) {
    this.#file = file;
  }

  async add(piece: ArchivePiece): Promise<void> {
    if ('line' in piece) {
      this.#records++;
      await this.#write(piece.line, LINE_FEED);
      return;
    }
    const { frame, records } = piece;
    const { bytes, header } = frame;
    if (header?.kind === KIND_INDEX) {
      if (header.writer === this.#part.writer) await this.#seal(originOf(frame));
      return;
    }
    this.#frames++;
    this.#records += records;
    if (header === null) {
      this.#part = new IndexedPart();
    } else {
      if (header.kind === KIND_RECORDS) this.#addBlock(header, bytes.length);
      this.#part.update(bytes);
    }
    await this.#write(bytes);
  }

  /** Writes what is left, and makes all of it last. */
  async close(): Promise<void> {
    await this.#seal(this.#part.guessOrigin());
    await this.#flush();
    await this.#file.sync();
    this.#isOpen = false;
    await this.#file.close();
  }

  async abandon(): Promise<void> {
    if (this.#isOpen) await this.#file.close();
  }

  report() {
    const [bytes, records, frames] = [this.#bytes, this.#records, this.#frames];
    return { bytes, records, frames, sha256: this.#hash.digest('hex') };
  }

  #addBlock(header: FrameHeader, bytes: number): void {
    const { writer } = this.#part;
    // Blocks of another writer, which was cut off, stay without an index.
    if (writer !== undefined && writer !== header.writer) this.#part = new IndexedPart();
    this.#part.add(header, bytes);
  }

  async #seal(origin: PartOrigin): Promise<void> {
    const index = this.#part.encodeIndex(origin);
    if (index === null) return;
    this.#part = this.#part.next(index, origin);
    await this.#write(index);
  }

  async #write(...parts: readonly Buffer[]): Promise<void> {
    for (const bytes of parts) {
      this.#hash.update(bytes);
      this.#bytes += bytes.length;
      this.#pendingBytes += bytes.length;
    }
    this.#pending.push(...parts);
    if (this.#pendingBytes >= WRITE_BYTES) await this.#flush();
  }

  async #flush(): Promise<void> {
    const bytes = Buffer.concat(this.#pending);
    await writeAll(this.#file, bytes, this.#bytes - bytes.length);
    this.#pending = [];
    this.#pendingBytes = 0;
  }
}

function originOf({ bytes, offset }: ScannedFrame): PartOrigin {
  const index = decodeIndexBody(bytes.subarray(HEADER_BYTES), offset);
  const { ordinal, previousSha256, writerEnded } = index;
  return { ordinal, previousSha256, writerEnded };
}
