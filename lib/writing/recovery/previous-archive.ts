import { join } from 'node:path';
import { crc32 } from 'node:zlib';

import picomatch from 'picomatch';

import { type ArchiveIndex, decodeIndexBody } from '../../codec/version-2/archive-index.js';
import { readFrameHeader } from '../../codec/version-2/frame-header.js';
import { isHeaderWhole, magicFault } from '../../codec/version-2/frame-header-check.js';
import { DamageError } from '../../errors/damage-error.js';
import type { FileLayer, OpenFile } from '../../files/file-layer.js';
import { sha256OfFile } from '../../files/sha256.js';
import { isMissing } from '../../files/system-error.js';
import {
  INDEX_FRAME_LENGTH_BYTES,
  MAX_INDEX_BODY_BYTES,
  MIN_INDEX_BODY_BYTES,
} from '../../format/index-body.js';
import { HEADER_BYTES, KIND_INDEX } from '../../format/version-2.js';
import { baseNameOf, isReadableName } from '../../series/names/archive-state.js';

/** A sealed archive, as the index of the writer's next one names it. */
export interface PreviousArchive {
  readonly writer: string;
  /** Undefined where who sealed it did not know. */
  readonly ordinal: number | undefined;
  /** The sequence of the record that comes behind it. */
  readonly nextSequence: number;
  /** Of all its bytes. */
  readonly sha256: Uint8Array;
}

/** The paths of the sealed archives of a series in a directory, in no order; none is opened. */
export async function listSealed(
  directory: string,
  pattern: string,
  files: FileLayer,
): Promise<string[]> {
  const isMatch = picomatch(pattern, { nonegate: true });
  const entries = await files.readdir(directory);
  return entries
    .filter((entry) => entry.isFile() && isReadableName(entry.name))
    .filter(({ name }) => baseNameOf(name) === name && isMatch(name))
    .map(({ name }) => join(directory, name));
}

/**
 * The archive of `writer` that ends where the record of `sequence` begins, by the indexes of `paths`. One
 * that was shipped meanwhile, and is not here any more, is not found.
 */
export async function findPreviousArchive(
  paths: readonly string[],
  writer: string,
  sequence: number,
  files: FileLayer,
): Promise<PreviousArchive | undefined> {
  // Nothing is before a writer's first record.
  if (sequence === 0) return undefined;
  for (const path of paths) {
    try {
      const index = await findIndexBefore(path, writer, sequence, files);
      if (index === undefined) continue;
      const sha256 = await sha256OfFile(path, files);
      return { writer, ordinal: index.ordinal, nextSequence: sequence, sha256 };
    } catch (error) {
      // Shipped since it was listed.
      if (!isMissing(error)) throw error;
    }
  }
  return undefined;
}

/** The index that an archive ends with, if it is that of `writer` before the record of `sequence`. */
async function findIndexBefore(
  path: string,
  writer: string,
  sequence: number,
  files: FileLayer,
): Promise<ArchiveIndex | undefined> {
  const file = await files.open(path, 'r');
  try {
    return await readIndexBefore(file, writer, sequence);
  } finally {
    await file.close();
  }
}

async function readIndexBefore(
  file: OpenFile,
  writer: string,
  sequence: number,
): Promise<ArchiveIndex | undefined> {
  const { size } = await file.stat();
  const least = HEADER_BYTES + MIN_INDEX_BODY_BYTES;
  if (size < least) return undefined;
  const length = Buffer.alloc(INDEX_FRAME_LENGTH_BYTES);
  await file.read(length, 0, length.length, size - length.length);
  const frameBytes = length.readUInt32LE();
  if (frameBytes < least || frameBytes > Math.min(HEADER_BYTES + MAX_INDEX_BODY_BYTES, size)) {
    return undefined;
  }
  const head = Buffer.alloc(HEADER_BYTES);
  // What a short read leaves out is zeros, which no checksum takes.
  await file.read(head, 0, HEADER_BYTES, size - frameBytes);
  if (magicFault(head) !== null || !isHeaderWhole(head)) return undefined;
  const header = readFrameHeader(head);
  if (header.kind !== KIND_INDEX || header.writer !== writer) return undefined;
  if (header.sequence !== sequence) return undefined;
  const body = Buffer.alloc(frameBytes - HEADER_BYTES);
  await file.read(body, 0, body.length, size - body.length);
  if (header.bodyCrc !== crc32(body)) return undefined;
  try {
    return decodeIndexBody(body, size - frameBytes);
  } catch (error) {
    // Verifying tells; here it is as if it were not there.
    if (error instanceof DamageError) return undefined;
    throw error;
  }
}
