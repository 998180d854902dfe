import { isUtf8 } from 'node:buffer';

import { MAX_VARINT_BYTES } from '../../format/version-2.js';
import { Slab } from '../bytes/slab.js';
import { mostBytes, NOT_WELL_FORMED, type Piece, putPiece } from '../bytes/text.js';
import { writeVarint } from '../bytes/varint.js';
import { fieldOf } from '../records/metadata-input.js';
import { loneSurrogate } from '../records/record-input.js';

export interface Key {
  /** The key's text; see `nameOf` for a key that is not UTF-8. */
  readonly name: string;
  readonly index: number;
  /** The size of its entry in the table, including the length. */
  readonly entryBytes: number;
}

/** The distinct metadata keys of the open block, encoded as they are added. */
export class KeyTable {
  readonly #keys = new Map<string, Key>();
  /** The keys of the previous record, in its order. */
  readonly #previous: Key[] = [];
  readonly #slab = new Slab(1024);

  get size(): number {
    return this.#keys.size;
  }

  /** The encoded entries, without their count. */
  get entries(): Buffer {
    return this.#slab.filled();
  }

  get entryBytes(): number {
    return this.#slab.length;
  }

  /**
   * Returns the key's entry, and adds it if it is new.
   *
   * @throws RecordError for a lone surrogate
   */
  keyOf(key: Piece): Key {
    const name = typeof key === 'string' ? key : nameOf(key);
    return this.#keys.get(name) ?? this.#addKey(name, key);
  }

  /**
   * As `keyOf`, for the key of a record's pair number `pair`. Most records have the keys of the
   * previous record; then no lookup is needed, which makes encoding small records 7 % faster.
   */
  keyAt(pair: number, key: Piece): Key {
    const previous = this.#previous[pair];
    if (previous?.name === key) return previous;
    const found = this.keyOf(key);
    this.#previous[pair] = found;
    return found;
  }

  /** Removes all keys but the first `size`, whose entries have `entryBytes`. */
  reset(size = 0, entryBytes = 0): void {
    this.#slab.length = entryBytes;
    this.#previous.length = 0;
    if (size === 0) this.#keys.clear();
    else for (const [name, key] of this.#keys) if (key.index >= size) this.#keys.delete(name);
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
 * The name of a key from an archive that is being copied. A key that is not UTF-8 becomes a lone
 * surrogate and its bytes as Latin-1: no valid text key begins with a lone surrogate.
 */
function nameOf(key: Uint8Array): string {
  const bytes = Buffer.from(key.buffer, key.byteOffset, key.length);
  return isUtf8(bytes) ? bytes.toString('utf8') : `\ud800${bytes.toString('latin1')}`;
}
