import { crc32, gunzip } from 'node:zlib';

import { hex32 } from '../../codec/bytes/hex32.js';
import { noteCrc32 } from '../../codec/bytes/known-crc32.js';
import { gzipFormat } from '../../codec/compression/gzip/gzip-format.js';
import { gzipHeaderBytes } from '../../codec/compression/gzip/gzip-header.js';
import {
  decodeDataHeader,
  EMPTY_END,
  memberKindOf,
} from '../../codec/compression/gzip/gzip-member.js';
import { type Fail, nullIfFaulty } from '../../codec/compression/members/section.js';
import { isError } from '../../errors/is-error.js';
import {
  DATA_HEADER_BYTES,
  LARGEST_SMALL_MEMBER,
  MAX_INDEX_BYTES,
  MEMBER_TRAILER_BYTES,
} from '../../format/seekable-gzip.js';
import { hasAhead, LARGEST_MEMBER_AHEAD } from './decompress-ahead.js';
import { inflateRaw } from './inflate-raw.js';
import type { MemberContext, MemberReader, PendingMember } from './member-reader.js';
import type { PulledBytes } from './pulled-bytes.js';
import { loadSmallInflater, type SmallInflater } from './small-inflater.js';

/**
 * Reads members of gzip (RFC 1952). Zero bytes may follow the last one, as padding. Of our seekable
 * gzip it reads data members ahead: small ones in place, where zlib-sync is installed, all others on
 * the thread pool.
 */
export const gzipReader: MemberReader = createGzipReader(loadSmallInflater);

/** @param load gives the inflater of small members; null if they go to the thread pool */
export function createGzipReader(load: () => Promise<SmallInflater | null>): MemberReader {
  return {
    format: gzipFormat,
    takeMember: (input) => takeMember(input, load),
    hasMember: async (input) => (await input.has(1)) && input.queue.peek(1)[0] !== 0,
    readMember,
    takePadding,
    isBadData: (error): error is Error =>
      isError(error) && 'code' in error && error.code === 'Z_DATA_ERROR',
  };
}

async function takeMember(
  input: PulledBytes,
  load: () => Promise<SmallInflater | null>,
): Promise<PendingMember | null> {
  if (!(await hasAhead(input, DATA_HEADER_BYTES))) return null;
  const header = input.queue.peek(DATA_HEADER_BYTES);
  // `readMember` reports a damaged header.
  const entry = nullIfFaulty((fail) => decodeDataHeader(header, fail));
  if (entry === null || Math.max(entry.memberBytes, entry.rawBytes) > LARGEST_MEMBER_AHEAD) {
    return null;
  }
  if (!(await hasAhead(input, entry.memberBytes))) return null;
  const bytes = input.queue.take(entry.memberBytes);
  const isSmall = entry.rawBytes <= LARGEST_SMALL_MEMBER;
  const inflated = isSmall ? (await load())?.inflate(bytes, entry.rawBytes) : undefined;
  return { bytes, raw: inflated ? Promise.resolve(inflated) : inflate(bytes, entry.rawBytes) };
}

/** Without spare room after the last byte, zlib would allocate a second buffer of the same size. */
const SPARE_BYTES = 64;

function inflate(member: Buffer, rawBytes: number): Promise<Buffer | null> {
  const room = { chunkSize: rawBytes + SPARE_BYTES, maxOutputLength: rawBytes + SPARE_BYTES };
  return new Promise((resolve) => {
    gunzip(member, room, (error, bytes) => {
      const isGood = error === null && bytes.length === rawBytes;
      // zlib has compared it. For small members, the proof takes as long as another CRC-32.
      if (isGood && rawBytes > LARGEST_SMALL_MEMBER) {
        noteCrc32(bytes, member.readUInt32LE(member.length - MEMBER_TRAILER_BYTES));
      }
      resolve(isGood ? bytes : null);
    });
  });
}

async function* readMember(
  input: PulledBytes,
  { fail, failTorn, suffix }: MemberContext,
): AsyncGenerator<Buffer> {
  const header = await takeHeader(input, fail);
  if (header === undefined) return failTorn();
  const kind = memberKindOf(header);
  if (kind === 'index' || kind === 'end') {
    if (await isEmptyEnd(input)) {
      const member = Buffer.concat([header, input.queue.take(EMPTY_END.length)]);
      if (kind === 'index') suffix.addIndex(member, MAX_INDEX_BYTES);
      else suffix.addEnd(member, input.queue.offset);
      return;
    }
    const found = 'other bytes at the end of the member';
    suffix.addDamaged(kind, input.queue.offset, EMPTY_END.toString('hex'), found);
  }
  let crc = 0;
  let bytes = 0;
  for await (const piece of inflateRaw(input)) {
    crc = crc32(piece, crc);
    bytes += piece.length;
    yield piece;
  }
  if (!(await input.has(MEMBER_TRAILER_BYTES))) failTorn();
  checkTrailer(input.queue.take(MEMBER_TRAILER_BYTES), crc, bytes, fail);
  if (kind === 'data' || kind === 'other') suffix.addData(kind, bytes);
}

async function takeHeader(input: PulledBytes, fail: Fail): Promise<Buffer | undefined> {
  while (true) {
    const length = gzipHeaderBytes(input.queue.peek(input.queue.length), fail);
    if (length !== undefined) return input.queue.take(length);
    if (!(await input.pull())) return undefined;
  }
}

/** Whether the member ends here, without data. */
async function isEmptyEnd(input: PulledBytes): Promise<boolean> {
  const isWhole = await input.has(EMPTY_END.length);
  return isWhole && input.queue.peek(EMPTY_END.length).equals(EMPTY_END);
}

/** Checks CRC-32 and length (modulo 2^32) of the decompressed member. */
function checkTrailer(trailer: Buffer, crc: number, bytes: number, fail: Fail): void {
  const expectedCrc = trailer.readUInt32LE(0);
  if (crc !== expectedCrc) fail(`gzip checksum ${hex32(expectedCrc)}`, hex32(crc));
  const expectedBytes = trailer.readUInt32LE(4);
  if (bytes % 2 ** 32 !== expectedBytes) fail(`${expectedBytes} bytes in a member`, `${bytes}`);
}

/** Takes the zero bytes at the end of the file. */
async function takePadding(input: PulledBytes, fail: Fail): Promise<number> {
  let padding = 0;
  while (await input.has(1)) {
    const bytes = input.takeAll();
    padding += bytes.length;
    if (bytes.some((byte) => byte !== 0)) fail('zero bytes up to the end', 'others');
  }
  return padding;
}
