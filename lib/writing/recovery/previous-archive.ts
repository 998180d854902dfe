import { join } from 'node:path';

import type { ArchiveIndex } from '../../codec/version-2/archive-index.js';
import type { FileLayer } from '../../files/file-layer.js';
import { sha256OfFile } from '../../files/sha256.js';
import { isMissing } from '../../files/system-error.js';
import { baseNameOf, isReadableName } from '../../series/names/archive-state.js';
import { createGlobMatcher } from '../../series/names/glob-matcher.js';
import { FileSource } from '../../series/opening/file-source.js';
import { readIndexBefore } from '../../series/opening/index-chain.js';

/** A sealed archive, as the index of the writer's next archive refers to it. */
export interface PreviousArchive {
  readonly writer: string;
  /** The archive's number within its writer, from 0; undefined if its index does not know it. */
  readonly ordinal: number | undefined;
  /** The sequence of the first record after the archive. */
  readonly nextSequence: number;
  /** SHA-256 of the whole file. */
  readonly sha256: Uint8Array;
}

/** The paths of the sealed archives of a series in a directory, in no order. Opens none of them. */
export async function listSealed(
  directory: string,
  pattern: string,
  files: FileLayer,
): Promise<string[]> {
  const isMatch = createGlobMatcher(pattern);
  const entries = await files.readdir(directory);
  return entries
    .filter((entry) => entry.isFile() && isReadableName(entry.name))
    .filter(({ name }) => baseNameOf(name) === name && isMatch(name))
    .map(({ name }) => join(directory, name));
}

/**
 * The archive among `paths` that ends just before the record of `writer` with `sequence`, according
 * to its index. Undefined if that archive was shipped meanwhile and deleted.
 */
export async function findPreviousArchive(
  paths: readonly string[],
  writer: string,
  sequence: number,
  files: FileLayer,
): Promise<PreviousArchive | undefined> {
  // No archive precedes a writer's first record.
  if (sequence === 0) return undefined;
  for (const path of paths) {
    try {
      const index = await readLastIndex(path, writer, sequence, files);
      if (index === undefined) continue;
      const sha256 = await sha256OfFile(path, files);
      return { writer, ordinal: index.ordinal, nextSequence: sequence, sha256 };
    } catch (error) {
      // The archive was shipped since it was listed.
      if (!isMissing(error)) throw error;
    }
  }
  return undefined;
}

/**
 * The index at the end of an archive, if it is by `writer` and the record with `sequence` follows
 * it.
 */
async function readLastIndex(
  path: string,
  writer: string,
  sequence: number,
  files: FileLayer,
): Promise<ArchiveIndex | undefined> {
  const file = await files.open(path, 'r');
  try {
    const source = new FileSource(file, path);
    const isWanted = (header: { readonly writer: string; readonly sequence: number }) =>
      header.writer === writer && header.sequence === sequence;
    return (await readIndexBefore(source, await source.size(), isWanted))?.index;
  } finally {
    await file.close();
  }
}
