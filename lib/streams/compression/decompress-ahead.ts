import type { MemberReader, PendingMember } from './member-reader.js';
import type { PulledBytes } from './pulled-bytes.js';

/**
 * The most members that are being decompressed or queued. With 3, threads run idle while records
 * are decoded: on two cores, reading takes 10 % longer.
 */
export const MOST_MEMBERS = 5;

/**
 * Larger members, compressed or not, are streamed. This bounds memory to a few times the value.
 */
export const LARGEST_MEMBER_AHEAD = 8 * 2 ** 20;

/**
 * Decompresses the data members at the start of `input`, several at a time on libuv's thread pool,
 * and verifies their checksums. Ends before the first member that is of another kind, large, torn
 * or damaged, or if `input` fails. Leaves that member and the rest in `input`.
 */
export async function* decompressAhead(
  input: PulledBytes,
  reader: MemberReader,
): AsyncGenerator<Buffer> {
  const pending: PendingMember[] = [];
  try {
    for (let hasMore = true; ; ) {
      while (hasMore && pending.length < MOST_MEMBERS) {
        const member = await reader.takeMember(input);
        if (member === null) hasMore = false;
        else pending.push(member);
      }
      const raw = await pending[0]?.raw;
      // Undefined: no member is left. Null: this one is damaged.
      if (raw === undefined || raw === null) return;
      pending.shift();
      yield raw;
    }
  } finally {
    input.putBack(pending.map(({ bytes }) => bytes));
  }
}

/** As `input.has`; false if the input fails. */
export async function hasAhead(input: PulledBytes, count: number): Promise<boolean> {
  try {
    return await input.has(count);
  } catch {
    // The error is not lost: `input` throws it again after the bytes that it holds.
    return false;
  }
}
