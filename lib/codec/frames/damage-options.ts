import type { ByteCount } from '../../format/quantity.js';
import type { WriterList } from './known-writers.js';
import type { SkippedDamage } from './skipped-damage.js';

/** How a reader treats damage. */
export interface DamageOptions {
  /** The archive's path or name, for records, errors and reports. */
  readonly archive?: string | undefined;
  /** The largest record; a larger one is damage. @default '64 MiB' */
  readonly maxRecordBytes?: ByteCount | undefined;
  /**
   * How to treat an unfinished frame at the end: as damage, or as the end of an archive that is
   * still being written. @default 'damage'
   */
  readonly tornTail?: 'damage' | 'end' | undefined;
  /**
   * `error`: damage ends the reading with a `DamageError`. `skip`: the reader skips it and loses
   * only the blocks that are damaged (docs/format.md, "Damage"). @default 'error'
   */
  readonly whenDamaged?: 'error' | 'skip' | undefined;
  /** With `whenDamaged: 'skip'`: called for each skipped stretch, before the records after it. */
  readonly onDamage?: ((damage: SkippedDamage) => void) | undefined;
  /**
   * With `whenDamaged: 'skip'`: this archive's writers, if the caller knows them, for example from
   * its index. A search only accepts frames of known writers. Without this option it knows the
   * writers of the frames before the damage. `on demand`: the decoder stops at damage that it must
   * search, and continues after `giveWriters`.
   */
  readonly writers?: WriterList | 'on demand' | undefined;
}
