import { addAbortSignal, Readable } from 'node:stream';

import { isBytes } from '../../codec/bytes/is-bytes.js';
import type { ByteRange } from '../../files/byte-range.js';
import { askStore } from './ask-store.js';
import type { GetOptions, Store } from './store.js';
import { unexpectedAnswer } from './unexpected-answer.js';

/**
 * The bytes of a range of an object, at most as many as were requested; fewer if the body ends
 * before. The caller owns the buffers.
 *
 * @throws StoreError with the code `UnexpectedAnswer` for a body that continues after the range: the
 *   store has ignored the range, so that these are other bytes
 */
export async function* receiveBytes(
  store: Store,
  key: string,
  range: Required<ByteRange>,
  { ifMatch, signal }: GetOptions & { readonly signal: AbortSignal },
): AsyncGenerator<Buffer> {
  const mismatch = (problem: string) => unexpectedAnswer('get', `${store.name}/${key}`, problem);
  const terms = ifMatch === undefined ? {} : { ifMatch };
  const body = await askStore(async (options) => {
    const given: unknown = await store.get(key, range, { ...terms, ...options });
    if (!(given instanceof Readable)) throw mismatch('the body is not a stream');
    // The loop below gets the error as well. After an abort there is no loop, and an unhandled
    // 'error' event would end the process.
    given.on('error', () => undefined);
    return addAbortSignal(signal, given);
  }, signal);
  let left = range.end - range.start;
  for await (const chunk of body) {
    if (!isBytes(chunk)) throw mismatch(`the body gave ${typeof chunk}, not bytes`);
    if (chunk.length > left) {
      throw mismatch(`asked for ${range.end - range.start} bytes, but the body goes on`);
    }
    left -= chunk.length;
    yield Buffer.isBuffer(chunk)
      ? chunk
      : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length);
  }
}
