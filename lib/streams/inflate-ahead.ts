import { gunzip as gunzipCallback } from 'node:zlib';

import { decodeDataHeader } from '../codec/gzip/gzip-member.js';
import type { MemberEntry } from '../codec/gzip/member-entry.js';
import { DATA_HEADER_BYTES } from '../format/seekable-gzip.js';
import type { PulledBytes } from './pulled-bytes.js';

/**
 * The most members that are inflating or queued. With 3, threads run idle while records are
 * decoded: on two cores, reading takes 10 % longer.
 */
export const MOST_MEMBERS = 5;

/**
 * Larger members, compressed or not, are streamed. This bounds memory to a few times the value.
 */
const LARGEST_MEMBER_BYTES = 8 * 2 ** 20;

/** Without spare room after the last byte, zlib would allocate a second buffer of the same size. */
const SPARE_BYTES = 64;

interface PendingMember {
  /** The compressed member. */
  readonly bytes: Buffer;
  /** Null if the member is damaged or its header states a wrong size. */
  readonly inflated: Promise<Buffer | null>;
}

/**
 * Inflates the data members of our seekable gzip (docs/format-gzip.md) at the start of `input`,
 * several at a time on libuv's thread pool, and verifies their checksums. Ends before the first
 * member that is of another kind, large, torn or damaged, or if `input` fails. Leaves that member
 * and the rest in `input`.
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
      // Undefined: no member is left. Null: this one is damaged.
      if (inflated === undefined || inflated === null) return;
      pending.shift();
      yield inflated;
    }
  } finally {
    input.putBack(pending.map(({ bytes }) => bytes));
  }
}

/** Takes the next member and starts to inflate it; null if it is not a whole data member. */
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
    // The error is not lost: `input` throws it again after the bytes that it holds.
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

const REFUSED = new Error('damaged member header; the streaming reader reports it');

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
