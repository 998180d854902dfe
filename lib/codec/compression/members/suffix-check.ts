import { DamageError } from '../../../errors/damage-error.js';
import { readFileEnd } from './file-end.js';
import { indexDamage, type MemberFormat } from './member-format.js';
import { decodeMemberIndex } from './member-index.js';

/** The kind of a member. `other`: of another program, or of a later version. */
export type MemberKind = 'data' | 'index' | 'end' | 'other';

/**
 * Checks the index and the end as a reader in turn meets them (docs/format-gzip.md, "What a reader
 * must do"). Damage there costs no record, so it is kept until the end.
 */
export class SuffixCheck {
  readonly #format: MemberFormat;
  readonly #archive: string | undefined;
  #damage: DamageError | undefined;
  #index: Buffer[] = [];
  #indexBytes = 0;
  #rawBytes = 0;
  #last: MemberKind | undefined;
  #isOurs = false;

  /** @param archive the path or name for errors */
  constructor(format: MemberFormat, archive: string | undefined) {
    this.#format = format;
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
   * Notes a whole piece of the index.
   *
   * @param mostBytes the largest index; of a larger one the rest is not kept
   */
  addIndex(piece: Buffer, mostBytes: number): void {
    this.#begin('index');
    if (this.#indexBytes > mostBytes) return;
    this.#index.push(piece);
    this.#indexBytes += piece.length;
  }

  /**
   * Notes a whole end.
   *
   * @param fileBytes where it ends: bytes from the start of the file
   */
  addEnd(end: Buffer, fileBytes: number): void {
    this.#begin('end');
    this.#checkEnd(end, fileBytes);
  }

  /**
   * Notes a piece of the index, or an end, that is not as it must be.
   *
   * @param offset where the damage is: bytes from the start of the file
   */
  addDamaged(kind: 'index' | 'end', offset: number, expected: string, found: string): void {
    this.#begin(kind);
    this.#fail(offset, expected, found);
  }

  /** Whether the file is ours, by its first member, and has lost its end. */
  get lacksEnd(): boolean {
    return this.#isOurs && this.#last !== 'end';
  }

  /**
   * The first damage. None in a file that begins with a member of another program.
   *
   * @param padding how many zero bytes follow the last member
   * @param end the size of the file
   */
  damageAt(padding: number, end: number): DamageError | undefined {
    if (!this.#isOurs) return undefined;
    if (padding > 0) this.#fail(end - padding, 'the end of the file', `${padding} zero bytes`);
    return this.#damage;
  }

  #begin(kind: 'index' | 'end'): void {
    this.#isOurs ||= this.#last === undefined;
    if (this.#last === 'end' || this.#last === 'other') this.#rawBytes = 0;
    this.#last = kind;
  }

  #checkEnd(tail: Buffer, fileBytes: number): void {
    const suffix = Buffer.concat([...this.#index, tail]);
    this.#index = [];
    this.#indexBytes = 0;
    const end = readFileEnd(
      this.#format,
      { head: Buffer.alloc(0), tail, fileBytes },
      this.#archive,
    );
    if (end.kind === 'damaged') this.#damage ??= end.error;
    if (end.kind !== 'seekable') return;
    const { totals } = end;
    if (end.suffixBytes > suffix.length) {
      const found = `${suffix.length - tail.length}`;
      this.#fail(fileBytes, `${totals.indexBytes} bytes of index`, found);
      return;
    }
    try {
      decodeMemberIndex(this.#format, { suffix, totals, fileBytes }, this.#archive);
    } catch (error) {
      if (!(error instanceof DamageError)) throw error;
      this.#damage ??= error;
    }
    if (totals.rawBytes === this.#rawBytes) return;
    this.#fail(fileBytes, `members of ${totals.rawBytes} bytes`, `${this.#rawBytes}`);
  }

  #fail(offset: number, expected: string, found: string): void {
    this.#damage ??= new DamageError(
      indexDamage(this.#format, offset, expected, found),
      this.#archive,
    );
  }
}
