import type { MemberFormat } from '../../codec/compression/members/member-format.js';
import type { Fail } from '../../codec/compression/members/section.js';
import type { SuffixCheck } from '../../codec/compression/members/suffix-check.js';
import type { PulledBytes } from './pulled-bytes.js';

/** A member that is being decompressed. */
export interface PendingMember {
  /** The compressed member. */
  readonly bytes: Buffer;
  /** Null if the member is damaged, or states a wrong size. */
  readonly raw: Promise<Buffer | null>;
}

/** The facts that the reading of a member needs, and its listener. */
export interface MemberContext {
  readonly suffix: SuffixCheck;
  /** The member is damaged. */
  readonly fail: Fail;
  /** The input ends amid the member. */
  readonly failTorn: () => never;
}

/** How the members of one compression are read from a stream. */
export interface MemberReader {
  readonly format: MemberFormat;

  /**
   * @param archive the name for the error
   * @throws ArchiveError `ERR_NO_ZSTD` where Node has no such decompressor
   */
  checkSupport?(archive: string | undefined): void;

  /**
   * Takes the next member, if it is a whole data member small enough to be decompressed at once,
   * and starts with that. Otherwise returns null and leaves it in `input`.
   */
  takeMember(input: PulledBytes): Promise<PendingMember | null>;

  /** Whether another member follows. If not, only padding may follow. */
  hasMember(input: PulledBytes): Promise<boolean>;

  /**
   * Takes a member of any kind and size, and yields its data piece by piece: all that can be
   * decompressed before it throws.
   */
  readMember(input: PulledBytes, context: MemberContext): AsyncGenerator<Buffer>;

  /** Takes what follows the last member. Returns how many zero bytes that is. */
  takePadding(input: PulledBytes, fail: Fail): Promise<number>;

  /** Whether the decompressor reports damaged input. Its other errors have other causes. */
  isBadData(error: unknown): error is Error;
}
