import { gunzip as gunzipCallback } from 'node:zlib';

import { decodeDataHeader } from '../codec/gzip/gzip-member.js';
import type { MemberEntry } from '../codec/gzip/member-entry.js';
import { DATA_HEADER_BYTES } from '../format/seekable-gzip.js';
import type { PulledBytes } from './pulled-bytes.js';

/**
 * Members that are inflated at a time, or wait for it: with 3 the threads run out of work while records
 * are decoded, and on two cores reading takes 1.1 times as long.
 */
export const MOST_MEMBERS = 5;

/** Of a member, compressed and not: memory is a few times this. Larger ones are inflated in turn. */
const LARGEST_MEMBER_BYTES = 8 * 2 ** 20;

/** zlib looks for room behind the last byte, and would make room for as much again. */
const SPARE_BYTES = 64;

interface PendingMember {
  /** Compressed. */
  readonly bytes: Buffer;
  /** Null where it is not what it says. */
  readonly inflated: Promise<Buffer | null>;
}

/**
 * Inflates the members of our seekable gzip (docs/format-gzip.md) that `input` begins with, several at a
 * time on libuv's thread pool, checksums included. Ends before the first member that is another one, or
 * large, torn, or damaged, or where `input` fails, and leaves that and all that follows in `input`.
 */
export async function* inflateAhead(input: PulledBytes): AsyncGenerator<Buffer> {
  const pending: PendingMember[] = [];
  try {
    for (let hasMore = true; ; ) {
      while (hasMore && pending.length < MOST_MEMBERS) {
        const member = await takeMember(input);
        if (member === null) hasMore = false;
        else pending.push(member);
      }
      const inflated = await pending[0]?.inflated;
      // Undefined: none is left.
      if (inflated === undefined || inflated === null) return;
      pending.shift();
      yield inflated;
    }
  } finally {
    putBack(input, pending);
  }
}

/** Takes the member that is next, and begins to inflate it; null where it is for others. */
async function takeMember(input: PulledBytes): Promise<PendingMember | null> {
  if (!(await hasBytes(input, DATA_HEADER_BYTES))) return null;
  const entry = readEntry(input.queue.peek(DATA_HEADER_BYTES));
  if (entry === null || Math.max(entry.memberBytes, entry.rawBytes) > LARGEST_MEMBER_BYTES) {
    return null;
  }
  if (!(await hasBytes(input, entry.memberBytes))) return null;
  const bytes = input.queue.take(entry.memberBytes);
  return { bytes, inflated: inflate(bytes, entry.rawBytes) };
}

async function hasBytes(input: PulledBytes, count: number): Promise<boolean> {
  try {
    return await input.has(count);
  } catch {
    // It fails once more for whoever reads on, behind the bytes that it gave.
    return false;
  }
}

function readEntry(header: Buffer): MemberEntry | null {
  try {
    return decodeDataHeader(header, refuse);
  } catch (error) {
    if (error === REFUSED) return null;
    throw error;
  }
}

const REFUSED = new Error('the member is damaged, which is told by who reads it in turn');

function refuse(): never {
  throw REFUSED;
}

function inflate(member: Buffer, rawBytes: number): Promise<Buffer | null> {
  const room = { chunkSize: rawBytes + SPARE_BYTES, maxOutputLength: rawBytes + SPARE_BYTES };
  return new Promise((resolve) => {
    gunzipCallback(member, room, (error, bytes) => {
      resolve(error === null && bytes.length === rawBytes ? bytes : null);
    });
  });
}

/** In front of what is in the queue. */
function putBack(input: PulledBytes, pending: readonly PendingMember[]): void {
  const behind = input.takeAll();
  for (const { bytes } of pending) input.queue.push(bytes);
  input.queue.push(behind);
}
