import { crc32 } from 'node:zlib';

import { type Damage, DamageError } from '../errors/damage-error.js';
import { type Fail, gzipHeaderBytes } from './gzip-header.js';
import { inflateRaw } from './inflate-raw.js';
import { PulledBytes } from './pulled-bytes.js';

export { isGzip } from './gzip-header.js';

/**
 * Decompresses gzip of any number of members (RFC 1952). All that could be decompressed is given before
 * the error is thrown. Zero bytes may follow the last member, as padding.
 *
 * zlib's own stream takes zero bytes for the end of the file, also where members follow, as they do where
 * a disk lost a sector; and it drops good data that came in one chunk with damage.
 *
 * @param archive what errors name
 * @throws DamageError, its offset counted in decompressed bytes; and what `compressed` throws
 */
export async function* gunzip(
  compressed: AsyncIterable<Buffer>,
  archive?: string,
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
  try {
    do {
      if (!(await skipHeader(input, fail))) throw torn();
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
    } while (await hasMember(input, fail));
  } catch (error) {
    if (!isBadData(error)) throw error;
    throw failAs('bad-gzip', 'deflate data', error.message, error);
  } finally {
    await input.close();
  }
}

/** CRC-32 and length of what the member holds, modulo 2^32 */
const TRAILER_BYTES = 4 + 4;

async function skipHeader(input: PulledBytes, fail: Fail): Promise<boolean> {
  while (true) {
    const length = gzipHeaderBytes(input.queue.peek(input.queue.length), fail);
    if (length !== undefined) {
      input.queue.skip(length);
      return true;
    }
    if (!(await input.pull())) return false;
  }
}

function checkTrailer(trailer: Buffer, crc: number, bytes: number, fail: Fail): void {
  const expectedCrc = trailer.readUInt32LE(0);
  if (crc !== expectedCrc) fail(`gzip checksum ${hex(expectedCrc)}`, hex(crc));
  const expectedBytes = trailer.readUInt32LE(4);
  if (bytes % 2 ** 32 !== expectedBytes) fail(`${expectedBytes} bytes in a member`, `${bytes}`);
}

/** Whether a member follows; padding may, up to the end. */
async function hasMember(input: PulledBytes, fail: Fail): Promise<boolean> {
  if (!(await input.has(1))) return false;
  if (input.queue.peek(1)[0] !== 0) return true;
  while (await input.has(1)) {
    if (input.takeAll().some((byte) => byte !== 0)) fail('zero bytes up to the end', 'others');
  }
  return false;
}

/** What zlib says of input that is damaged; its other errors are not about the input. */
function isBadData(error: unknown): error is Error {
  return error instanceof Error && 'code' in error && error.code === 'Z_DATA_ERROR';
}

function hex(value: number): string {
  return `0x${value.toString(16).padStart(8, '0')}`;
}
