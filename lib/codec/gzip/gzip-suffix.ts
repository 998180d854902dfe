import { DamageError } from '../../errors/damage-error.js';
import {
  EMPTY_MEMBER_END,
  KIND_DATA,
  KIND_END,
  KIND_MEMBER_INDEX,
  MAX_INDEX_BYTES,
  SUBFIELD_VERSION,
} from '../../format/seekable-gzip.js';
import { gzipDamage, readGzipEnd } from './gzip-end.js';
import { findSubfield } from './gzip-subfield.js';
import { decodeMemberIndex } from './member-index.js';

/** The kind of a member. `other`: of another program, or of a later version. */
export type MemberKind = 'data' | 'index' | 'end' | 'other';

const KINDS: ReadonlyMap<number, MemberKind> = new Map([
  [KIND_DATA, 'data'],
  [KIND_MEMBER_INDEX, 'index'],
  [KIND_END, 'end'],
]);

/** The kind of a member, by its header. */
export function memberKindOf(header: Buffer): MemberKind {
  const subfield = findSubfield(header);
  const isOurs = subfield?.version === SUBFIELD_VERSION;
  return (isOurs ? KINDS.get(subfield.kind) : undefined) ?? 'other';
}

/** Whether `end` is what a member without data has after its header. */
export function isEmptyEnd(end: Buffer): boolean {
  return end.equals(EMPTY_END);
}

export const EMPTY_END = Buffer.from(EMPTY_MEMBER_END);

/**
 * Checks the member index and the last member as a reader in turn meets them (docs/format-gzip.md,
 * "What a reader must do"). Damage there costs no record, so it is kept until the end.
 */
export class GzipSuffixCheck {
  #damage: DamageError | undefined;
  readonly #archive: string | undefined;
  #index: Buffer[] = [];
  #indexBytes = 0;
  #rawBytes = 0;
  #last: MemberKind | undefined;
  #isOurs = false;

  /** @param archive the path or name for errors */
  constructor(archive: string | undefined) {
    this.#archive = archive;
  }

  /** Notes a member that has data, or may have some. */
  addData(kind: MemberKind, rawBytes: number): void {
    this.#isOurs ||= this.#last === undefined && kind !== 'other';
    // The index of a concatenated file counts only what follows the file before it.
    if (this.#last === 'end' || this.#last === 'other') this.#rawBytes = 0;
    this.#last = kind;
    this.#index = [];
    this.#indexBytes = 0;
    this.#rawBytes += rawBytes;
  }

  /**
   * Notes an index member or a last member.
   *
   * @param member the whole member; undefined if it does not end as it must
   * @param end its end: bytes from the start of the file
   */
  addEmpty(kind: 'index' | 'end', member: Buffer | undefined, end: number): void {
    this.#isOurs ||= this.#last === undefined;
    if (this.#last === 'end' || this.#last === 'other') this.#rawBytes = 0;
    this.#last = kind;
    if (member === undefined) {
      this.#fail(end, EMPTY_END.toString('hex'), 'other bytes at the end of the member');
    } else if (kind === 'end') {
      this.#checkEnd(member, end);
    } else if (this.#indexBytes <= MAX_INDEX_BYTES) {
      this.#index.push(member);
      this.#indexBytes += member.length;
    }
  }

  /** Whether the file is a seekable gzip, by its first member, and has lost its last one. */
  get lacksEnd(): boolean {
    return this.#isOurs && this.#last !== 'end';
  }

  /**
   * The first damage. None in a file that begins with another program's gzip.
   *
   * @param padding how many zero bytes follow the last member
   * @param end the size of the file
   */
  damageAt(padding: number, end: number): DamageError | undefined {
    if (!this.#isOurs) return undefined;
    if (padding > 0) this.#fail(end - padding, 'the end of the file', `${padding} zero bytes`);
    return this.#damage;
  }

  #checkEnd(member: Buffer, fileBytes: number): void {
    const suffix = Buffer.concat([...this.#index, member]);
    this.#index = [];
    this.#indexBytes = 0;
    const ends = { head: Buffer.alloc(0), tail: member, fileBytes };
    const end = readGzipEnd(ends, this.#archive);
    if (end.kind === 'damaged') this.#damage ??= end.error;
    if (end.kind !== 'seekable') return;
    const { totals } = end;
    if (end.suffixBytes > suffix.length) {
      const found = `${suffix.length - member.length}`;
      this.#fail(fileBytes, `${totals.indexBytes} bytes of index members`, found);
      return;
    }
    try {
      decodeMemberIndex({ suffix, totals, fileBytes }, this.#archive);
    } catch (error) {
      if (!(error instanceof DamageError)) throw error;
      this.#damage ??= error;
    }
    if (totals.rawBytes === this.#rawBytes) return;
    this.#fail(fileBytes, `members of ${totals.rawBytes} bytes`, `${this.#rawBytes}`);
  }

  #fail(offset: number, expected: string, found: string): void {
    this.#damage ??= new DamageError(gzipDamage(offset, expected, found), this.#archive);
  }
}
