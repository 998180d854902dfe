import { type CursorArchive, type CursorFacts, formatCursor } from './cursor-text.js';
import { HexMap } from './hex-map.js';

/** An archive's entry, and when it was first read: 0 for the first one. */
interface NumberedArchive {
  readonly number: number;
  readonly archive: CursorArchive;
}

/** A position in a series: what was read of each writer, and of each archive without sequences. */
export class SeriesPosition {
  readonly #nexts: HexMap<number>;
  readonly #archives: HexMap<NumberedArchive>;

  static of({ archives, writers }: CursorFacts): SeriesPosition {
    let position = new SeriesPosition(new HexMap(), new HexMap());
    for (const { next, writer } of writers) position = position.withWriters([[writer, next]]);
    for (const [i, archive] of archives.entries()) position = position.withArchive(i, archive);
    return position;
  }

  private constructor(nexts: HexMap<number>, archives: HexMap<NumberedArchive>) {
    this.#nexts = nexts;
    this.#archives = archives;
  }

  /** The position after all records of some writers before their `next`. Never goes back. */
  withWriters(nexts: Iterable<readonly [writer: string, next: number]>): SeriesPosition {
    const later = [...nexts].filter(([writer, next]) => next > (this.#nexts.get(writer) ?? -1));
    if (later.length === 0) return this;
    return new SeriesPosition(this.#nexts.with(later), this.#archives);
  }

  /** The position after some records of the archive with this number. */
  withArchive(number: number, archive: CursorArchive): SeriesPosition {
    const archives = this.#archives.with([[keyOf(number), { number, archive }]]);
    return new SeriesPosition(this.#nexts, archives);
  }

  /** The text of the cursor. Archives come in the order in which they were first read. */
  toText(): string {
    const writers = [...this.#nexts.entries()].map(([writer, next]) => ({ writer, next }));
    const archives = [...this.#archives.entries()].map(([, numbered]) => numbered);
    archives.sort((a, b) => a.number - b.number);
    return formatCursor({ writers, archives: archives.map(({ archive }) => archive) });
  }
}

const KEY_DIGITS = 14;

/** With the last digit first: keys that differ early make flat maps. */
function keyOf(number: number): string {
  return [...number.toString(16).padStart(KEY_DIGITS, '0')].reverse().join('');
}
