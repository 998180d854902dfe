import type { ByteCount } from '../../format/quantity.js';
import type { WriterList } from './known-writers.js';
import type { SkippedDamage } from './skipped-damage.js';

/** What a reader does about damage. */
export interface DamageOptions {
  /** What the archive is called in records, errors and reports: a path or a name. */
  readonly archive?: string | undefined;
  /** The largest record that is read; a larger one is damage. @default '64 MiB' */
  readonly maxRecordBytes?: ByteCount | undefined;
  /**
   * What an unfinished frame at the end is: damage, or, in an archive that is still being written, just
   * its end. @default 'damage'
   */
  readonly tornTail?: 'damage' | 'end' | undefined;
  /**
   * Whether damage ends the reading with a `DamageError`, or is left out, with nothing else lost than
   * what it touched (docs/format.md, "Damage"). @default 'error'
   */
  readonly whenDamaged?: 'error' | 'skip' | undefined;
  /** With `whenDamaged: 'skip'`: told of each stretch that was left out, before what is behind it. */
  readonly onDamage?: ((damage: SkippedDamage) => void) | undefined;
  /**
   * With `whenDamaged: 'skip'`: what is known of this archive's writers from elsewhere, from its index, say.
   * A search accepts frames of writers that it knows; by itself it knows those of frames before the damage.
   */
  readonly writers?: WriterList | undefined;
}
