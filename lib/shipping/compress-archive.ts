import { createHash } from 'node:crypto';
import { PassThrough, pipeline, type Readable, Transform } from 'node:stream';

import { ArchiveError } from '../errors/archive-error.js';
import { FileBody } from '../files/file-body.js';
import type { FileLayer } from '../files/file-layer.js';
import { SeekableGzip } from '../streams/seekable-gzip.js';
import type { ShippableArchive } from '../writing/handlers/archive-shipper.js';

/** An archive as gzip (docs/format-gzip.md), on its way. */
export interface CompressedArchive {
  readonly body: Readable;
  /** Bytes of `body` so far. */
  readonly bytes: number;
  /** The SHA-256 of all of `body`, in hex. To be asked once, when it has ended. */
  sha256(): string;
}

/**
 * Reads and compresses an archive as fast as it is taken. The body ends with an error, not with its last
 * bytes, where the file is not what was sealed: a store that takes all or nothing then has nothing.
 */
export async function compressArchive(
  archive: ShippableArchive,
  files: FileLayer,
): Promise<CompressedArchive> {
  const file = await files.open(archive.path, 'r');
  let bytes = 0;
  const hash = createHash('sha256');
  const counted = new PassThrough({
    transform(chunk: Buffer, _encoding, callback) {
      bytes += chunk.length;
      hash.update(chunk);
      callback(null, chunk);
    },
  });
  const source = new FileBody(file, archive.path);
  // Errors reach the last stream, and its reader: there is nobody else to tell.
  const body = pipeline(source, checkDigest(archive), new SeekableGzip(), counted, () => {});
  return {
    body,
    get bytes() {
      return bytes;
    },
    sha256: () => hash.digest('hex'),
  };
}

function checkDigest(archive: ShippableArchive): Transform {
  const hash = createHash('sha256');
  return new Transform({
    transform(chunk: Buffer, _encoding, callback) {
      hash.update(chunk);
      callback(null, chunk);
    },
    flush(callback) {
      const found = hash.digest('hex');
      callback(found === archive.sha256 ? null : changed(archive, found));
    },
  });
}

function changed({ path, sha256 }: ShippableArchive, found: string): ArchiveError {
  const message = `${path} has changed since it was sealed: expected SHA-256 ${sha256}, found ${found}`;
  return new ArchiveError('ERR_ARCHIVE_CHANGED', message);
}
