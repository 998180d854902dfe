import { crc32 } from 'node:zlib';

import { hex32 } from '../codec/bytes/hex32.js';
import { type Fail, gzipHeaderBytes } from '../codec/gzip/gzip-header.js';
import { EMPTY_END, GzipSuffixCheck, isEmptyEnd, memberKindOf } from '../codec/gzip/gzip-suffix.js';
import { type Damage, DamageError } from '../errors/damage-error.js';
import { isError } from '../errors/is-error.js';
import { inflateAhead } from './inflate-ahead.js';
import { inflateRaw } from './inflate-raw.js';
import { PulledBytes } from './pulled-bytes.js';

/**
 * Decompresses gzip of any number of members (RFC 1952). Yields all bytes that can be decompressed
 * before it throws. Zero bytes may follow the last member, as padding. Decompresses our seekable
 * gzip on several threads; a `whole` file of it must end with an end member (docs/format-gzip.md).
 *
 * zlib's own stream is not used for two reasons. It takes zero bytes for the end of the file, even
 * if members follow, as after a lost disk sector. And it drops good data that shares a chunk with
 * damage.
 *
 * @param archive the name for error messages
 * @throws DamageError with an offset in decompressed bytes; errors of `compressed`
 */
export async function* gunzip(
  compressed: AsyncIterable<Buffer>,
  archive?: string,
  extent: 'whole' | 'part' = 'whole',
): AsyncGenerator<Buffer> {
  const input = new PulledBytes(compressed);
  let offset = 0;
  const failAs = (reason: Damage['reason'], expected: string, found: string, cause?: unknown) => {
    const damage = { reason, what: 'gzip', offset, expected, found };
    return new DamageError(damage, archive, cause === undefined ? undefined : { cause });
  };
  const fail: Fail = (expected, found) => {
    throw failAs('bad-gzip', expected, found);
  };
  const torn = () => failAs('torn', 'a whole gzip member', 'the end of the input');
  const suffix = new GzipSuffixCheck(archive);
  let hasMembers = false;
  try {
    for await (const member of inflateAhead(input)) {
      hasMembers = true;
      suffix.addData('data', member.length);
      offset += member.length;
      yield member;
    }
    while (!hasMembers || (await hasMember(input))) {
      hasMembers = true;
      const header = await takeHeader(input, fail);
      if (header === undefined) throw torn();
      const kind = memberKindOf(header);
      if (kind === 'index' || kind === 'end') {
        const end = await takeEmptyEnd(input);
        const member = end === undefined ? undefined : Buffer.concat([header, end]);
        suffix.addEmpty(kind, member, input.queue.offset);
        if (member !== undefined) continue;
      }
      let crc = 0;
      let bytes = 0;
      for await (const piece of inflateRaw(input)) {
        crc = crc32(piece, crc);
        bytes += piece.length;
        offset += piece.length;
        yield piece;
      }
      if (!(await input.has(TRAILER_BYTES))) throw torn();
      checkTrailer(input.queue.take(TRAILER_BYTES), crc, bytes, fail);
      if (kind === 'data' || kind === 'other') suffix.addData(kind, bytes);
    }
    const padding = await takePadding(input, fail);
    if (extent === 'part') return;
    if (suffix.lacksEnd) fail('the last member of a seekable gzip', 'the end of the input');
    const damage = suffix.damageAt(padding, input.queue.offset);
    if (damage !== undefined) throw damage;
  } catch (error) {
    if (!isBadData(error)) throw error;
    throw failAs('bad-gzip', 'deflate data', error.message, error);
  } finally {
    await input.close();
  }
}

/** CRC-32 and length (modulo 2^32) of the decompressed member. */
const TRAILER_BYTES = 4 + 4;

async function takeHeader(input: PulledBytes, fail: Fail): Promise<Buffer | undefined> {
  while (true) {
    const length = gzipHeaderBytes(input.queue.peek(input.queue.length), fail);
    if (length !== undefined) return input.queue.take(length);
    if (!(await input.pull())) return undefined;
  }
}

/** Takes the end of a member without data, if the member ends so. */
async function takeEmptyEnd(input: PulledBytes): Promise<Buffer | undefined> {
  const isWhole = await input.has(EMPTY_END.length);
  const isEmpty = isWhole && isEmptyEnd(input.queue.peek(EMPTY_END.length));
  return isEmpty ? input.queue.take(EMPTY_END.length) : undefined;
}

function checkTrailer(trailer: Buffer, crc: number, bytes: number, fail: Fail): void {
  const expectedCrc = trailer.readUInt32LE(0);
  if (crc !== expectedCrc) fail(`gzip checksum ${hex32(expectedCrc)}`, hex32(crc));
  const expectedBytes = trailer.readUInt32LE(4);
  if (bytes % 2 ** 32 !== expectedBytes) fail(`${expectedBytes} bytes in a member`, `${bytes}`);
}

/** Whether another member follows. If not, only padding may follow. */
async function hasMember(input: PulledBytes): Promise<boolean> {
  return (await input.has(1)) && input.queue.peek(1)[0] !== 0;
}

/** Takes the zero bytes at the end of the file. Returns how many they are. */
async function takePadding(input: PulledBytes, fail: Fail): Promise<number> {
  let padding = 0;
  while (await input.has(1)) {
    const bytes = input.takeAll();
    padding += bytes.length;
    if (bytes.some((byte) => byte !== 0)) fail('zero bytes up to the end', 'others');
  }
  return padding;
}

/** Whether zlib reports damaged input. Its other errors have other causes. */
function isBadData(error: unknown): error is Error {
  return isError(error) && 'code' in error && error.code === 'Z_DATA_ERROR';
}
