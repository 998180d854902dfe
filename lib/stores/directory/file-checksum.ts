import { crc32 } from 'node:zlib';

import { FileBody } from '../../files/file-body.js';
import type { FileLayer } from '../../files/file-layer.js';

/** What tells one content from another. */
export interface ContentChecksum {
  readonly bytes: number;
  readonly crc32: number;
}

/** Reads a file from its beginning to its end. */
export async function readFileChecksum(files: FileLayer, path: string): Promise<ContentChecksum> {
  let bytes = 0;
  let checksum = 0;
  for await (const chunk of new FileBody(await files.open(path, 'r'), path)) {
    bytes += chunk.length;
    checksum = crc32(chunk, checksum);
  }
  return { bytes, crc32: checksum };
}
