import { isUtf8 } from 'node:buffer';

import { MAX_VARINT_BYTES } from '../../format/version-2.js';
import { Slab } from '../bytes/slab.js';
import { mostBytes, NOT_WELL_FORMED, type Piece, putPiece } from '../bytes/text.js';
import { writeVarint } from '../bytes/varint.js';
import { fieldOf } from '../records/metadata-input.js';
import { loneSurrogate } from '../records/record-input.js';

export interface Key {
  /** The text of a key that is text. */
  readonly name: string;
  readonly index: number;
  /** Of its entry in the table, its length included. */
  readonly entryBytes: number;
}

/** A state of the table to go back to. */
export interface KeyTableMark {
  readonly keys: number;
  readonly bytes: number;
}

/** The distinct metadata keys of the block that is being built, encoded as they come. */
export class KeyTable {
  readonly #keys = new Map<string, Key>();
  /** By place, those of the record before. */
  readonly #previous: Key[] = [];
  readonly #slab = new Slab(1024);

  get size(): number {
    return this.#keys.size;
  }

  /** The encoded entries, without the count before them. */
  get entries(): Buffer {
    return this.#slab.filled();
  }

  get entryBytes(): number {
    return this.#slab.length;
  }

  /**
   * The key's place in the table, which it takes if it has none.
   *
   * @throws RecordError for a lone surrogate
   */
  keyOf(key: Piece): Key {
    const name = typeof key === 'string' ? key : nameOf(key);
    return this.#keys.get(name) ?? this.#addKey(name, key);
  }

  /**
   * As `keyOf`, of the key at a place of a record. Records mostly have the keys of the one before:
   * then it is not looked up, which takes 7 % off the encoding of small records.
   */
  keyAt(place: number, key: Piece): Key {
    const previous = this.#previous[place];
    if (previous?.name === key) return previous;
    const found = this.keyOf(key);
    this.#previous[place] = found;
    return found;
  }

  mark(): KeyTableMark {
    return { keys: this.#keys.size, bytes: this.#slab.length };
  }

  /** Forgets the keys that came after `mark`, or all. */
  reset(mark: KeyTableMark = { keys: 0, bytes: 0 }): void {
    this.#slab.length = mark.bytes;
    this.#previous.length = 0;
    if (mark.keys === 0) this.#keys.clear();
    else for (const [name, key] of this.#keys) if (key.index >= mark.keys) this.#keys.delete(name);
  }

  #addKey(name: string, key: Piece): Key {
    const slab = this.#slab;
    slab.reserve(MAX_VARINT_BYTES + mostBytes(key));
    const start = slab.length + MAX_VARINT_BYTES;
    const bytes = putPiece(slab.bytes, start, key);
    if (bytes === NOT_WELL_FORMED) throw loneSurrogate(fieldOf(key));
    const end = writeVarint(slab.bytes, slab.length, bytes);
    slab.bytes.copyWithin(end, start, start + bytes);
    const added = { name, index: this.#keys.size, entryBytes: end + bytes - slab.length };
    slab.length = end + bytes;
    this.#keys.set(name, added);
    return added;
  }
}

/**
 * A key of an archive that is being copied, as text. One that is not UTF-8 gets its bytes behind a
 * lone surrogate: no text that may be a key begins with one.
 */
function nameOf(key: Uint8Array): string {
  const bytes = Buffer.from(key.buffer, key.byteOffset, key.length);
  return isUtf8(bytes) ? bytes.toString('utf8') : `\ud800${bytes.toString('latin1')}`;
}
