import fc from 'fast-check';

/** The sizes of the chunks that bytes come in, repeated as needed. */
export const pieceSizes = fc.array(fc.integer({ min: 1, max: 500 }), {
  minLength: 1,
  maxLength: 5,
});

export function* cutBySizes(bytes: Buffer, sizes: readonly number[]): Generator<Buffer> {
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const end = at + (sizes[i % sizes.length] ?? 1);
    yield bytes.subarray(at, end);
    at = end;
  }
}
