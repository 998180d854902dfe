import { createHash } from 'node:crypto';
import {
  PassThrough,
  pipeline,
  type Readable,
  Transform,
  type TransformCallback,
} from 'node:stream';

import { ArchiveError } from '../errors/archive-error.js';
import { FileBody } from '../files/file-body.js';
import type { FileLayer } from '../files/file-layer.js';
import type { Compression } from '../streams/compression/compression.js';
import type { ShippableArchive } from '../writing/handlers/archive-shipper.js';

/** An archive that is being compressed (docs/format-gzip.md, docs/format-zstd.md). */
export interface CompressedArchive {
  readonly body: Readable;
  /** Bytes of `body` so far. */
  readonly bytes: number;
  /** The SHA-256 of all of `body`, in hex; empty until `body` has ended. */
  readonly sha256: string;
}

/**
 * Reads and compresses an archive as fast as the caller reads `body`. If the file is not what was
 * sealed, the body ends with an error before its last bytes, so a store that stores all or nothing
 * stores nothing.
 *
 * @param onBytes called with how many more bytes of the file were read
 */
export async function compressArchive(
  archive: Pick<ShippableArchive, 'path' | 'sha256'>,
  files: FileLayer,
  compression: Pick<Compression, 'createCompressor'>,
  onBytes: (bytes: number) => void = () => {},
): Promise<CompressedArchive> {
  const file = await files.open(archive.path, 'r');
  const source = new FileBody(file, archive.path);
  const sealed = new HashedStream(
    (sha256) => (sha256 === archive.sha256 ? null : changed(archive, sha256)),
    onBytes,
  );
  const compressed = new HashedStream(() => null);
  // The callback ignores errors because the reader of the last stream gets them.
  const compressor = compression.createCompressor() ?? new PassThrough();
  const body = pipeline(source, sealed, compressor, compressed, () => {});
  return {
    body,
    get bytes() {
      return compressed.bytes;
    },
    get sha256() {
      return compressed.sha256;
    },
  };
}

/** Passes bytes through, counts them and computes their SHA-256. */
class HashedStream extends Transform {
  bytes = 0;
  /** In hex; empty until the end. */
  sha256 = '';
  readonly #hash = createHash('sha256');
  readonly #problemOf: (sha256: string) => Error | null;
  readonly #onBytes: (bytes: number) => void;

  /** @param problemOf called at the end; the stream fails with the error that it returns */
  constructor(
    problemOf: (sha256: string) => Error | null,
    onBytes: (bytes: number) => void = () => {},
  ) {
    super();
    this.#problemOf = problemOf;
    this.#onBytes = onBytes;
  }

  override _transform(chunk: Buffer, _encoding: string, callback: TransformCallback): void {
    this.bytes += chunk.length;
    this.#hash.update(chunk);
    this.#onBytes(chunk.length);
    callback(null, chunk);
  }

  override _flush(callback: TransformCallback): void {
    this.sha256 = this.#hash.digest('hex');
    callback(this.#problemOf(this.sha256));
  }
}

function changed(
  { path, sha256 }: Pick<ShippableArchive, 'path' | 'sha256'>,
  found: string,
): ArchiveError {
  const problem = `expected SHA-256 ${sha256}, found ${found}`;
  return new ArchiveError(
    'ERR_ARCHIVE_CHANGED',
    `${path} has changed since it was sealed: ${problem}`,
  );
}
