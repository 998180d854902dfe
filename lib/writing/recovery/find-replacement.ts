import type { FileLayer, OpenFile } from '../../files/file-layer.js';
import { sha256OfRange } from '../../files/sha256.js';
import { isMissing } from '../../files/system-error.js';
import { VERSION_OFFSET } from '../../format/preamble.js';
import { HEADER_BYTES, VERSION_2 } from '../../format/version-2.js';
import { FileSource } from '../../series/opening/file-source.js';
import { readIndexBefore } from '../../series/opening/index-chain.js';

/**
 * The archive among `others` that begins with all blocks of the archive at `path`, byte for byte. A
 * writer replaces a file whose sync has failed by a new one with the same blocks, and may die before
 * it sets the old one aside. Only of version 2: a block names its writer and sequence, but equal
 * records of other formats may be two.
 */
export async function findReplacement(
  path: string,
  others: readonly string[],
  files: FileLayer,
): Promise<string | undefined> {
  return await withFile(path, files, async (file) => {
    const bytes = await blockBytesOf(file, path);
    const head = await headOf(file);
    if (bytes === 0 || head.readInt16LE(VERSION_OFFSET) !== VERSION_2) return undefined;
    let sha256: Buffer | null = null;
    for (const other of others) {
      const isReplacement = await withFile(other, files, async (found) => {
        if ((await found.stat()).size < bytes || !(await headOf(found)).equals(head)) return false;
        const range = { start: 0, end: bytes };
        sha256 ??= await sha256OfRange(file, range);
        return sha256 !== null && (await sha256OfRange(found, range))?.equals(sha256) === true;
      });
      if (isReplacement) return other;
    }
    return undefined;
  });
}

/** The size of the archive without its index. */
async function blockBytesOf(file: OpenFile, path: string): Promise<number> {
  const source = new FileSource(file, path);
  const size = await source.size();
  return (await readIndexBefore(source, size))?.indexBegin ?? size;
}

/** The header of the first frame, which names its writer, sequence and checksum. */
async function headOf(file: OpenFile): Promise<Buffer> {
  const head = Buffer.alloc(HEADER_BYTES);
  await file.read(head, 0, HEADER_BYTES, 0);
  return head;
}

/** Undefined if the file is gone: another process has shipped it. */
async function withFile<T>(
  path: string,
  files: FileLayer,
  use: (file: OpenFile) => Promise<T>,
): Promise<T | undefined> {
  let file: OpenFile;
  try {
    file = await files.open(path, 'r');
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
  try {
    return await use(file);
  } finally {
    await file.close();
  }
}
