import { crc32 } from 'node:zlib';

import { type Damage, DamageError } from '../errors/damage-error.js';
import { MAGIC, MAGIC_BYTES, PREAMBLE_BYTES, VERSION_OFFSET } from '../format/preamble.js';
import { V1_HEADER_BYTES, VERSION_1 } from '../format/version-1.js';
import {
  CODEC_STORED,
  CRITICAL_FLAGS,
  FIRST_SKIPPABLE_KIND,
  HEADER_BYTES,
  HEADER_CRC_OFFSET,
  KIND_INDEX,
  KIND_RECORDS,
  VERSION_2,
} from '../format/version-2.js';
import type { DecoderContext, KindDecoder } from './archive-decoder.js';
import { decodeIndexBody } from './archive-index.js';
import type { ArchiveRecord } from './archive-record.js';
import { type FrameHeader, headerCrc, readFrameHeader } from './frame-header.js';
import { type BlockPlace, openBlock } from './open-block.js';
import { openVersion1Frame, readVersion1Header, type Version1Lengths } from './version-1-record.js';

/** A frame whose header is read and whose rest is awaited. */
type PendingFrame =
  | { readonly version: 1; readonly bytes: number; readonly lengths: Version1Lengths }
  | { readonly version: 2; readonly bytes: number; readonly header: FrameHeader };

/** Decodes frames of all versions, each handed to its version's codec by its preamble. */
export class FrameDecoder implements KindDecoder {
  readonly #context: DecoderContext;
  #pending: PendingFrame | undefined;
  /** The version of the frame that begins here, once its preamble is read. */
  #version: number | undefined;

  constructor(context: DecoderContext) {
    this.#context = context;
  }

  decodeNext(into: ArchiveRecord[]): boolean {
    const { queue } = this.#context;
    this.#pending ??= this.#readHeader();
    const pending = this.#pending;
    if (pending === undefined || queue.length < pending.bytes) return false;
    const place = this.#place();
    const frame = queue.take(pending.bytes);
    this.#pending = undefined;
    this.#version = undefined;
    if (pending.version === 1) into.push(openVersion1Frame(frame, pending.lengths, place));
    else this.#openFrame(pending.header, frame.subarray(HEADER_BYTES), place, into);
    return true;
  }

  finish(): void {
    const { queue, tornTail } = this.#context;
    this.#checkMagic(queue.peek(Math.min(queue.length, MAGIC_BYTES.length)));
    if (tornTail === 'end') {
      queue.skip(queue.length);
      return;
    }
    const headerBytes = this.#version === VERSION_1 ? V1_HEADER_BYTES : HEADER_BYTES;
    const bytes =
      this.#pending?.bytes ?? (this.#version === undefined ? PREAMBLE_BYTES : headerBytes);
    this.#fail('torn', 'frame', 0, `${bytes} bytes`, `the end after ${queue.length}`);
  }

  #readHeader(): PendingFrame | undefined {
    const { queue } = this.#context;
    if (this.#version === undefined) {
      if (queue.length < PREAMBLE_BYTES) return undefined;
      const preamble = queue.peek(PREAMBLE_BYTES);
      this.#checkMagic(preamble);
      this.#version = preamble.readInt16LE(VERSION_OFFSET);
      if (this.#version < VERSION_1) this.#failVersion(this.#version);
    }
    if (this.#version === VERSION_1) {
      if (queue.length < V1_HEADER_BYTES) return undefined;
      const lengths = readVersion1Header(queue.peek(V1_HEADER_BYTES), this.#place());
      const bytes = V1_HEADER_BYTES + lengths.metadataBytes + lengths.payloadBlockBytes;
      return { version: 1, bytes, lengths };
    }
    if (queue.length < HEADER_BYTES) return undefined;
    const header = this.#readLaterHeader(queue.peek(HEADER_BYTES));
    return { version: 2, bytes: HEADER_BYTES + header.storedBytes, header };
  }

  /** The header of version 2 and of all that will follow; its lengths are believed after its CRC. */
  #readLaterHeader(bytes: Buffer): FrameHeader {
    const header = readFrameHeader(bytes);
    const found = bytes.readUInt32LE(HEADER_CRC_OFFSET);
    const crc = headerCrc(bytes);
    if (crc !== found) {
      // A version that nobody wrote is more likely than not the damage itself: say so.
      if (header.version !== VERSION_2) this.#failVersion(header.version);
      this.#fail('bad-checksum', 'header', 0, `checksum ${hex(crc)}`, hex(found));
    }
    const mayBeSkipped = header.kind >= FIRST_SKIPPABLE_KIND;
    if (!mayBeSkipped) this.#checkKnown(header);
    if (header.storedBytes > this.#context.maxBodyBytes) {
      const limit = `at most ${this.#context.maxBodyBytes} bytes`;
      this.#fail('too-large', 'header', 0, limit, `a body of ${header.storedBytes}`);
    }
    return header;
  }

  #checkKnown(header: FrameHeader): void {
    if (header.version !== VERSION_2) this.#failVersion(header.version);
    if (header.kind !== KIND_RECORDS && header.kind !== KIND_INDEX) {
      this.#fail('unknown-kind', 'header', 0, 'kind 1 or 2', `kind ${header.kind}`);
    }
    if (header.codec !== CODEC_STORED) {
      this.#fail('unknown-codec', 'header', 0, 'codec 0', `codec ${header.codec}`);
    }
    if ((header.flags & CRITICAL_FLAGS) !== 0) {
      this.#fail('unknown-flags', 'header', 0, 'no flag above bit 15', hex(header.flags));
    }
    if (header.bodyBytes !== header.storedBytes) {
      const expected = `${header.bodyBytes} bytes stored`;
      this.#fail('bad-header', 'header', 0, expected, `${header.storedBytes}`);
    }
    const last = header.sequence + Math.max(header.records - 1, 0);
    if (!Number.isSafeInteger(last) || !(header.earliestMicros <= header.latestMicros)) {
      const found = `${header.sequence}, ${header.earliestMicros} to ${header.latestMicros}`;
      this.#fail('bad-header', 'header', 0, 'a sequence and times within 53 bits', found);
    }
    if (header.kind === KIND_RECORDS && header.records === 0) {
      this.#fail('bad-header', 'header', 0, 'at least one record', '0');
    }
  }

  #openFrame(header: FrameHeader, body: Buffer, place: BlockPlace, into: ArchiveRecord[]): void {
    if (header.kind >= FIRST_SKIPPABLE_KIND) return;
    const crc = crc32(body);
    if (crc !== header.bodyCrc) {
      const what = header.kind === KIND_INDEX ? 'index' : 'block';
      const damage = { reason: 'bad-checksum', what, offset: place.offset } as const;
      const [expected, found] = [`body checksum ${hex(header.bodyCrc)}`, hex(crc)];
      throw new DamageError({ ...damage, expected, found }, place.archive);
    }
    if (header.kind === KIND_INDEX) decodeIndexBody(body, place.offset, place.archive);
    else openBlock(header, body, place, into);
  }

  #checkMagic(bytes: Buffer): void {
    if (MAGIC_BYTES.every((byte, i) => i >= bytes.length || bytes[i] === byte)) return;
    const isGzip = bytes[0] === 0x1f && bytes[1] === 0x8b;
    const found = bytes.toString('hex', 0, MAGIC_BYTES.length);
    const hint = isGzip ? ' (gzip: decompress it first)' : '';
    this.#fail('bad-magic', 'frame', 0, `magic ${hex(MAGIC)}, 84788669`, `${found}${hint}`);
  }

  #failVersion(version: number): never {
    const expected = `version ${VERSION_1} or ${VERSION_2}`;
    return this.#fail('unknown-version', 'frame', VERSION_OFFSET, expected, `${version}`);
  }

  #fail(
    reason: Damage['reason'],
    what: string,
    at: number,
    expected: string,
    found: string,
  ): never {
    const { offset, archive } = this.#place();
    throw new DamageError({ reason, what, offset: offset + at, expected, found }, archive);
  }

  /** Where the frame begins that is next in the queue. */
  #place(): BlockPlace {
    const { archive, maxRecordBytes, queue } = this.#context;
    return { archive, maxRecordBytes, offset: queue.offset };
  }
}

function hex(value: number): string {
  return `0x${(value >>> 0).toString(16).padStart(8, '0')}`;
}
