import { pipeline, Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';

import { DamageError } from '../errors/damage-error.js';

/** Whether bytes begin as each gzip member does (RFC 1952, section 2.3.1). */
export function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/**
 * Decompresses gzip of any number of members. All that could be decompressed is given before the error
 * is thrown; a pipe would drop what zlib's stream still holds then.
 *
 * @param archive what errors name
 * @throws DamageError, its offset counted in decompressed bytes; and what `compressed` throws
 */
export async function* gunzip(
  compressed: AsyncIterable<Buffer>,
  archive?: string,
): AsyncGenerator<Buffer> {
  const inflater = createGunzip({ chunkSize: CHUNK_BYTES });
  let wake = () => {};
  for (const event of ['readable', 'end', 'close']) inflater.on(event, () => wake());
  let failure: unknown;
  const feeding = new Promise<void>((resolve) => {
    pipeline(Readable.from(compressed, { objectMode: false }), inflater, (error) => {
      failure = error;
      resolve();
    });
  });
  let offset = 0;
  try {
    while (true) {
      // Also after an error, unlike a loop over the stream: what is in its buffer is good.
      const chunk: Buffer | null = inflater.read();
      if (chunk !== null) {
        offset += chunk.length;
        yield chunk;
      } else if (inflater.readableEnded || inflater.closed) {
        break;
      } else {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    }
  } finally {
    inflater.destroy();
    await feeding;
  }
  if (failure) throw asDamage(failure, offset, archive);
}

/** zlib's default of 16 KiB makes four times the calls. */
const CHUNK_BYTES = 64 * 2 ** 10;

/** What zlib says of input that is no gzip, or is damaged; its other errors are not about the input. */
function asDamage(failure: unknown, offset: number, archive?: string): unknown {
  if (!(failure instanceof Error) || !('code' in failure)) return failure;
  const [what, expected, found] = ['gzip', 'a whole gzip member', failure.message];
  if (failure.code === 'Z_BUF_ERROR') {
    const damage = { reason: 'torn', what, offset, expected, found } as const;
    return new DamageError(damage, archive, { cause: failure });
  }
  if (failure.code === 'Z_DATA_ERROR' || failure.code === 'Z_NEED_DICT') {
    const damage = { reason: 'bad-gzip', what, offset, expected, found } as const;
    return new DamageError(damage, archive, { cause: failure });
  }
  return failure;
}
