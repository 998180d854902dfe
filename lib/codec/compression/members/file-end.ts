import { DamageError } from '../../../errors/damage-error.js';
import type { FileTotals } from './end-section.js';
import { indexDamage, type MemberFormat } from './member-format.js';

/** Both ends of a compressed file. They may overlap or be equal. */
export interface FileEnds {
  /** Its first bytes; 64 are enough. */
  readonly head: Buffer;
  /** Its last bytes: at least the `endBytes` of the format, or all of a smaller file. */
  readonly tail: Buffer;
  /** The size of the file. */
  readonly fileBytes: number;
}

/** How a compressed file can be read. */
export type FileEnd =
  /** Ours and complete. Pass its last `suffixBytes` to `decodeMemberIndex`. */
  | { readonly kind: 'seekable'; readonly totals: FileTotals; readonly suffixBytes: number }
  /** Ours, but its end is missing or damaged. Read it as a stream up to there. */
  | { readonly kind: 'damaged'; readonly error: DamageError }
  /** Of another program, of a later version of ours, or not compressed. Read it as a stream. */
  | { readonly kind: 'plain' };

/**
 * Decides from both ends of a compressed file how to read it (docs/format-gzip.md, "What a reader
 * must do").
 *
 * @param archive the path or name for errors
 */
export function readFileEnd(format: MemberFormat, ends: FileEnds, archive?: string): FileEnd {
  const { head, tail, fileBytes } = ends;
  const { endBytes, endName } = format;
  const start = fileBytes - endBytes;
  try {
    const totals =
      tail.length < endBytes
        ? null
        : format.readEnd(tail.subarray(tail.length - endBytes), start, (at, expected, found) => {
            throw new DamageError(indexDamage(format, start + at, expected, found), archive);
          });
    if (totals !== null) {
      return { kind: 'seekable', totals, suffixBytes: totals.indexBytes + endBytes };
    }
  } catch (error) {
    if (!(error instanceof DamageError)) throw error;
    return { kind: 'damaged', error };
  }
  if (!format.isOurs(head)) return { kind: 'plain' };
  const damage = indexDamage(format, fileBytes, endName, 'the end of the file');
  return { kind: 'damaged', error: new DamageError(damage, archive) };
}
