import { type FileHandle, readdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { constants, gunzipSync } from 'node:zlib';

import { systemCodeOf } from '../../options/system-code.js';
import { type FileIdentity, hashOf, PREFIX_BYTES } from './file-identity.js';
import { readRange } from './read-range.js';

/** A regular file in the directory of a path. */
export interface Neighbour {
  readonly path: string;
  /** In decimal digits. */
  readonly inode: string;
  readonly size: number;
  readonly changedMs: number;
  /** Whether it is named as the path is when it was rotated: `app.log.1`, `app-20261130.log`. */
  readonly isRotated: boolean;
}

/** A directory that was changed so shortly ago may have changed again without a new time. */
const FRESH_MS = 20;

/** So often a directory is listed again that changes meanwhile. */
const MOST_LISTINGS = 50;

/**
 * The regular files beside a path, those that changed first come first. Lists the directory again if
 * it has changed meanwhile: a file that is being renamed could be in neither place.
 */
export async function listNeighbours(path: string): Promise<Neighbour[]> {
  const directory = dirname(path);
  for (let listings = 1; ; listings++) {
    const before = await statusOf(directory);
    const found = await listOnce(path);
    const after = await statusOf(directory);
    const isSame = before?.mtimeNs === after?.mtimeNs;
    const ageMs = Date.now() - Number(after?.mtimeMs ?? 0);
    const isOld = ageMs < 0 || ageMs >= FRESH_MS;
    if ((isSame && isOld) || listings === MOST_LISTINGS) return found;
    await setTimeout(FRESH_MS);
  }
}

async function listOnce(path: string): Promise<Neighbour[]> {
  const directory = dirname(path);
  const found: Neighbour[] = [];
  const isRotated = rotatedNames(basename(path));
  for (const name of await namesIn(directory)) {
    const neighbour = join(directory, name);
    if (neighbour === path) continue;
    const status = await statusOf(neighbour);
    if (status === undefined || !status.isFile()) continue;
    found.push({
      path: neighbour,
      inode: String(status.ino),
      size: Number(status.size),
      changedMs: Number(status.mtimeMs),
      isRotated: isRotated(name),
    });
  }
  return found.sort((a, b) => a.changedMs - b.changedMs);
}

/** The status of a file, with whole numbers; undefined if there is none. */
export async function statusOf(path: string) {
  try {
    return await stat(path, { bigint: true });
  } catch (error) {
    const code = systemCodeOf(error);
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ELOOP') return undefined;
    throw error;
  }
}

async function namesIn(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return [];
    throw error;
  }
}

/**
 * Recognises names that rotation gives: the name with a number or a date after it, or before its
 * extension (`dateext` and `extension` of logrotate), compressed or not.
 */
function rotatedNames(base: string): (name: string) => boolean {
  const dot = base.lastIndexOf('.');
  const [stem, extension] = dot > 0 ? [base.slice(0, dot), base.slice(dot)] : [base, ''];
  return (name) => {
    const plain = name.replace(COMPRESSED, '');
    if (isNumbered(plain, base)) return true;
    if (extension === '' || !plain.endsWith(extension)) return false;
    return isNumbered(plain.slice(0, -extension.length), stem);
  };
}

function isNumbered(name: string, base: string): boolean {
  return name.startsWith(base) && /^[-._]\d[\dT:._-]*$/.test(name.slice(base.length));
}

const COMPRESSED = /\.(?:gz|zst|xz|bz2|lz4|Z|zip)$/;

/** The first bytes of compressed files. */
const MAGICS: readonly Buffer[] = [
  Buffer.from([0x1f, 0x8b]),
  Buffer.from([0x28, 0xb5, 0x2f, 0xfd]),
  Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]),
  Buffer.from('BZh'),
  Buffer.from([0x04, 0x22, 0x4d, 0x18]),
  Buffer.from([0x1f, 0x9d]),
  Buffer.from('PK\u0003\u0004'),
];

/** Whether a file is compressed, by its first bytes. */
export async function isCompressed(handle: FileHandle): Promise<boolean> {
  const head = await readRange(handle, 0, 8);
  return MAGICS.some((magic) => head.subarray(0, magic.length).equals(magic));
}

/** The content of a file that was compressed with gzip. */
export interface CompressedContent {
  /** Its size before that, if it is less than 4 GiB. */
  readonly bytes: number;
  /** Whether it begins with the bytes of an identity. */
  readonly hasPrefix: (identity: Pick<FileIdentity, 'prefixBytes' | 'prefixHash'>) => boolean;
}

/** @returns undefined if it was not compressed with gzip */
export async function readCompressed(
  handle: FileHandle,
  size: number,
): Promise<CompressedContent | undefined> {
  const prefix = await gunzipPrefix(handle);
  if (prefix === undefined) return undefined;
  const end = await readRange(handle, size - 4, size);
  return {
    bytes: end.length === 4 ? end.readUInt32LE() : 0,
    hasPrefix: ({ prefixBytes, prefixHash }) =>
      hashOf(prefix.subarray(0, prefixBytes)) === prefixHash,
  };
}

/** The first KiB of a gzip file's content; undefined if it is none. */
async function gunzipPrefix(handle: FileHandle): Promise<Buffer | undefined> {
  const head = await readRange(handle, 0, COMPRESSED_HEAD_BYTES);
  try {
    // Without this flush, content that is cut off would be an error.
    const content = gunzipSync(head, { finishFlush: constants.Z_SYNC_FLUSH });
    return content.subarray(0, PREFIX_BYTES);
  } catch {
    return undefined;
  }
}

/** So much of a compressed file is read. It holds 1 KiB or more, and 4 MiB at most. */
const COMPRESSED_HEAD_BYTES = 4096;
