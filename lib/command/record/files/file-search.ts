import { type FileIdentity, hasPrefixOf } from './file-identity.js';
import {
  type CompressedContent,
  isCompressed,
  type Neighbour,
  readCompressed,
} from './neighbours.js';
import { type OpenedFile, openFile, readRange } from './read-range.js';

/** A file that was found beside its path. */
export interface FoundFile extends OpenedFile {
  readonly path: string;
}

/** Bytes that distinguish a copy of a file from another file that begins like it. */
export interface KnownContent extends FileIdentity {
  /** Bytes before an offset; empty to compare only the beginning. */
  readonly tail: Uint8Array;
  /** The offset after them. */
  readonly offset: number;
}

/** Finds a file under the name that it has now, by its identity. */
export async function findByIdentity(
  identity: FileIdentity,
  neighbours: readonly Pick<Neighbour, 'path' | 'inode'>[],
): Promise<FoundFile | undefined> {
  for (const { inode, path } of neighbours) {
    if (inode !== identity.inode) continue;
    const file = await openNamed(path);
    if (file === undefined) continue;
    if (String(file.inode) === identity.inode && (await hasPrefixOf(file.handle, identity))) {
      return file;
    }
    await file.handle.close();
  }
  return undefined;
}

/**
 * Files beside a path that begin like another file, and hold the last bytes that were read of it:
 * copies that were made before it was truncated. Those that changed last come first. The caller
 * closes what it does not keep.
 *
 * @param isTaken whether an inode belongs to another file of the state
 */
export async function* findCopies(
  content: KnownContent,
  neighbours: readonly Neighbour[],
  isTaken: (inode: string) => boolean,
): AsyncGenerator<FoundFile> {
  for (const { inode, path, size } of neighbours.toReversed()) {
    if (isTaken(inode) || size < Math.max(content.offset, content.prefixBytes)) continue;
    const file = await openNamed(path);
    if (file === undefined) continue;
    if (await isCopy(file, content)) yield file;
    else await file.handle.close();
  }
}

/** Whether a file has the first bytes and the tail of another one. */
export async function isCopy(
  { handle }: Pick<OpenedFile, 'handle'>,
  content: KnownContent,
): Promise<boolean> {
  if (!(await hasPrefixOf(handle, content))) return false;
  const { offset, tail } = content;
  return (await readRange(handle, offset - tail.length, offset)).equals(tail);
}

/** The content of a compressed file; undefined if the file is not compressed. */
export async function openCompressed({
  path,
  size,
}: Neighbour): Promise<CompressedContent | 'unknown' | undefined> {
  const file = await openNamed(path);
  if (file === undefined) return undefined;
  try {
    if (!(await isCompressed(file.handle))) return undefined;
    return (await readCompressed(file.handle, size)) ?? 'unknown';
  } finally {
    await file.handle.close();
  }
}

/** Opens a regular file; undefined if there is none. */
export async function openNamed(path: string): Promise<FoundFile | undefined> {
  const file = await openFile(path);
  return file === undefined || file === 'other' ? undefined : { ...file, path };
}
