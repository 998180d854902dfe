import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';

import { readRange } from './read-range.js';

/** By how many of its first bytes a file is recognised, if it had so many at first sight. */
export const PREFIX_BYTES = 1024;

/** Inode and first bytes, by which a file is recognised under any name. */
export interface FileIdentity {
  /** In decimal digits: it may be larger than a number holds. */
  readonly inode: string;
  /** How many of its first bytes are compared: those that it had at first sight, at most 1 KiB. */
  readonly prefixBytes: number;
  /** SHA-256 of these bytes, in hex. */
  readonly prefixHash: string;
}

/** The identity of a file; undefined while its first line is not complete. */
export async function identify(
  handle: FileHandle,
  inode: bigint,
): Promise<FileIdentity | undefined> {
  const prefix = await readRange(handle, 0, PREFIX_BYTES);
  if (prefix.length < PREFIX_BYTES && !prefix.includes('\n')) return undefined;
  return identityOf(prefix, inode);
}

/** The identity of any file, also of a compressed one. */
export async function identifyAny(handle: FileHandle, inode: bigint): Promise<FileIdentity> {
  return identityOf(await readRange(handle, 0, PREFIX_BYTES), inode);
}

function identityOf(prefix: Buffer, inode: bigint): FileIdentity {
  return { inode: String(inode), prefixBytes: prefix.length, prefixHash: hashOf(prefix) };
}

/** Whether a file begins with the bytes of an identity, whatever its inode is. */
export async function hasPrefixOf(
  handle: FileHandle,
  { prefixBytes, prefixHash }: Pick<FileIdentity, 'prefixBytes' | 'prefixHash'>,
): Promise<boolean> {
  return hashOf(await readRange(handle, 0, prefixBytes)) === prefixHash;
}

/** SHA-256 in hex. */
export function hashOf(bytes: Uint8Array | string): string {
  return createHash('sha256').update(bytes).digest('hex');
}
