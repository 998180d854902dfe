import { createHash } from 'node:crypto';
import { pipeline, type Readable, Transform } from 'node:stream';
import { createGzip } from 'node:zlib';

import { ArchiveError } from '../errors/archive-error.js';
import type { ShippableArchive } from '../rolling/archive-shipper.js';
import { FileBody } from '../storage/file-body.js';
import type { FileLayer } from '../storage/file-layer.js';

/**
 * The archive as gzip, read and compressed as fast as it is taken. It ends with an error, not with its
 * last bytes, where the file is not what was sealed: a store that takes all or nothing then has nothing.
 */
export async function compressArchive(
  archive: ShippableArchive,
  files: FileLayer,
): Promise<Readable> {
  const file = await files.open(archive.path, 'r');
  const body = new FileBody(file, archive.path);
  // Errors reach the last stream, and its reader: there is nobody else to tell.
  return pipeline(body, checkDigest(archive), createGzip(), () => {});
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
