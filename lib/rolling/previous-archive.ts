import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';

import picomatch from 'picomatch';

import { decodeIndexBody } from '../codec/archive-index.js';
import { type FrameHeader, readFrameHeader } from '../codec/frame-header.js';
import { isHeaderWhole, magicFault } from '../codec/frame-header-check.js';
import { DamageError } from '../errors/damage-error.js';
import {
  INDEX_FRAME_LENGTH_BYTES,
  MAX_INDEX_BODY_BYTES,
  MIN_INDEX_BODY_BYTES,
} from '../format/index-body.js';
import { HEADER_BYTES, KIND_INDEX } from '../format/version-2.js';
import type { FileLayer, OpenFile } from '../storage/file-layer.js';
import { isMissing } from '../storage/system-error.js';
import { baseNameOf, isReadableName } from './archive-state.js';
import { readChunks } from './open-archive.js';

/** A sealed archive, as the index of the writer's next one names it. */
export interface PreviousArchive {
  readonly writer: string;
  readonly ordinal: number;
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
 * The archive that `writer` sealed last before the record of `sequence`, by the indexes of `paths`. One
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
  let last: { readonly path: string; readonly end: IndexedEnd } | undefined;
  for (const path of paths) {
    const end = await readEndIfThere(path, files);
    if (end?.header.writer !== writer || end.header.sequence > sequence) continue;
    if (last === undefined || last.end.ordinal < end.ordinal) last = { path, end };
  }
  if (last === undefined) return undefined;
  try {
    return { writer, ordinal: last.end.ordinal, sha256: await sha256Of(last.path, files) };
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** The SHA-256 of a file's bytes. */
export async function sha256Of(path: string, files: FileLayer): Promise<Buffer> {
  return await withArchive(path, files, async (file) => {
    const hash = createHash('sha256');
    for await (const chunk of readChunks(file, path)) hash.update(chunk);
    return hash.digest();
  });
}

/** What the index at the end of an archive says of its place. */
interface IndexedEnd {
  readonly header: FrameHeader;
  readonly ordinal: number;
}

async function withArchive<T>(path: string, files: FileLayer, use: (file: OpenFile) => Promise<T>) {
  const file = await files.open(path, 'r');
  try {
    return await use(file);
  } finally {
    await file.close();
  }
}

/** Undefined also for one that was shipped since it was listed. */
async function readEndIfThere(path: string, files: FileLayer): Promise<IndexedEnd | undefined> {
  try {
    return await withArchive(path, files, readEnd);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** Undefined for what does not end with an index. */
async function readEnd(file: OpenFile): Promise<IndexedEnd | undefined> {
  const { size } = await file.stat();
  const least = HEADER_BYTES + MIN_INDEX_BODY_BYTES;
  if (size < least) return undefined;
  const length = Buffer.alloc(INDEX_FRAME_LENGTH_BYTES);
  await file.read(length, 0, length.length, size - length.length);
  const frameBytes = length.readUInt32LE();
  if (frameBytes < least || frameBytes > Math.min(HEADER_BYTES + MAX_INDEX_BODY_BYTES, size)) {
    return undefined;
  }
  const frame = Buffer.alloc(frameBytes);
  // What a short read leaves out is zeros, which no checksum takes.
  await file.read(frame, 0, frameBytes, size - frameBytes);
  if (magicFault(frame) !== null || !isHeaderWhole(frame)) return undefined;
  const header = readFrameHeader(frame);
  const body = frame.subarray(HEADER_BYTES);
  if (header.kind !== KIND_INDEX || header.bodyCrc !== crc32(body)) return undefined;
  try {
    return { header, ordinal: decodeIndexBody(body, size - frameBytes).ordinal };
  } catch (error) {
    // Verifying tells; here it is as if it were not there.
    if (error instanceof DamageError) return undefined;
    throw error;
  }
}
