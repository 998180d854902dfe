import {
  type ArchiveRecord,
  originOf,
  type RecordPosition,
} from '../../codec/records/archive-record.js';
import { ArchiveProgress } from '../archives/archive-progress.js';
import { ArchiveMark, type MarkShape } from './archive-mark.js';
import type { CursorArchive, CursorFacts } from './cursor-text.js';
import { SeriesPosition } from './series-position.js';

/** An archive whose records have no sequences, and how many of them were read. */
interface MarkedArchive {
  readonly mark: ArchiveMark;
  /** Its number in the `SeriesPosition`. */
  readonly number: number;
  /** How many of its records come before the cursor. */
  readonly skipped: number;
  read: number;
}

/** Consecutive records of one writer, or of one archive without sequences. */
interface Run extends RecordPosition {
  /** The writer's id, or the archive. */
  readonly of: string | MarkedArchive;
  /** The sequence or number after its last record. */
  next: number;
  /** Returns all runs up to this one. Call it when the run is over. */
  passed(): PassedRuns;
}

/**
 * Follows the position of a reader in its series, and links records with it as they are emitted. A
 * link costs one assignment per block: `record.cursor` computes the rest when it is read.
 */
export class PositionTracker {
  #before: PassedRuns;
  #run: Run | undefined;
  /** Archives that the cursor knows and that were not found yet, by the shape of their hash. */
  readonly #expected = new Map<string, ExpectedArchives>();
  readonly #marked = new WeakMap<ArchiveProgress, MarkedArchive>();
  /** The archive whose records are given now, and what it is marked as if it has no sequences. */
  #progress: ArchiveProgress = new ArchiveProgress();
  #current: MarkedArchive | undefined;
  #archives: number;

  /** @param after the cursor after which the reader starts */
  constructor(after: CursorFacts) {
    this.#before = new PassedRuns(SeriesPosition.of(after));
    this.#archives = after.archives.length;
    for (const [number, archive] of after.archives.entries()) this.#expect({ number, archive });
  }

  /** Expects an archive without sequences that was read to be found again at another place. */
  expectAgain(progress: ArchiveProgress): void {
    const marked = this.#marked.get(progress);
    if (marked === undefined) return;
    const archive = entryOf(marked, progress, marked.read);
    for (const { byHash } of this.#expected.values()) {
      for (const [hash, entries] of byHash) {
        byHash.set(
          hash,
          entries.filter(({ number }) => number !== marked.number),
        );
      }
    }
    this.#expect({ number: marked.number, archive });
  }

  #expect(entry: MarkedEntry): void {
    const { archive } = entry;
    const key = `${archive.nameLength} ${archive.headBytes}`;
    const { byHash } = this.#expected.get(key) ?? { byHash: new Map<string, MarkedEntry[]>() };
    this.#expected.set(key, { shape: archive, byHash });
    byHash.set(archive.hash, [...(byHash.get(archive.hash) ?? []), entry]);
  }

  /** Call this before the records of an archive are given; `progress` is that of its reader. */
  beginArchive(progress: ArchiveProgress): void {
    this.#progress = progress;
    this.#current = this.#marked.get(progress);
  }

  /**
   * Numbers the records that have no sequence, and leaves out those before the cursor. Must be
   * given all records of an archive, in order.
   */
  leaveOutRead(records: ArchiveRecord[]): ArchiveRecord[] {
    if (isOneBlock(records)) return records;
    let areNew = true;
    for (const record of records) {
      if (record.sequence !== undefined) continue;
      const marked = this.#marking();
      const number = marked.read++;
      originOf(record).number = number;
      areNew &&= number >= marked.skipped;
    }
    const skipped = this.#current?.skipped ?? 0;
    if (areNew) return records;
    return records.filter(
      (record) => record.sequence !== undefined || originOf(record).number >= skipped,
    );
  }

  #marking(): MarkedArchive {
    this.#current ??= this.#mark();
    return this.#current;
  }

  #mark(): MarkedArchive {
    const mark = new ArchiveMark(this.#progress.path, this.#progress.head);
    const entry = this.#takeExpected(mark);
    const number = entry?.number ?? this.#archives++;
    const marked = { mark, number, skipped: entry?.archive.records ?? 0, read: 0 };
    this.#marked.set(this.#progress, marked);
    this.#progress.isMarked = true;
    return marked;
  }

  /** The cursor's entry of an archive. Two archives with one mark take it in their order. */
  #takeExpected(mark: ArchiveMark): MarkedEntry | undefined {
    for (const { byHash, shape } of this.#expected.values()) {
      const hash = mark.hash(shape);
      const found = hash === null ? undefined : byHash.get(hash)?.shift();
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** Links records with the position of the reader. Call this when they are emitted. */
  link(records: readonly ArchiveRecord[]): void {
    const last = records.at(-1);
    if (last === undefined) return;
    const lastOrigin = originOf(last);
    let i = 0;
    while (i < records.length) {
      const first = records[i];
      if (first === undefined) break;
      const origin = originOf(first);
      let end = i + 1;
      if (origin === lastOrigin) end = records.length;
      else while (originOf(records[end] ?? last) === origin) end++;
      const begin = first.sequence ?? origin.number;
      const run = this.#runOf(first, begin);
      run.next = begin + 1;
      if (end > i + 1) run.next = (records[end - 1]?.sequence ?? begin) + 1;
      origin.position = run;
      i = end;
    }
  }

  /** The run of a record. It goes forward: a record that comes late begins another one. */
  #runOf({ writer }: ArchiveRecord, number: number): Run {
    const of = writer ?? this.#marking();
    const last = this.#run;
    if (last !== undefined && last.of === of && number >= last.next) return last;
    this.#before = last?.passed() ?? this.#before;
    this.#run =
      typeof of === 'string'
        ? new WriterRun(this.#before, of)
        : new ArchiveRun(this.#before, of, this.#progress);
    return this.#run;
  }
}

interface MarkedEntry {
  readonly number: number;
  readonly archive: CursorArchive;
}

interface ExpectedArchives {
  readonly shape: MarkShape;
  readonly byHash: Map<string, MarkedEntry[]>;
}

/** After so many runs their position is computed. */
const MOST_PASSED = 256;

/**
 * A position, and the runs of writers that were read since. Writers that wrote at the same time take
 * turns, record by record: a position for each of these runs takes a quarter of the time of merging.
 */
class PassedRuns {
  readonly #from: SeriesPosition;
  readonly #runs: WriterRun[] = [];

  constructor(from: SeriesPosition) {
    this.#from = from;
  }

  get count(): number {
    return this.#runs.length;
  }

  /** Adds a run that is over. Returns what the next run follows. */
  add(run: WriterRun): PassedRuns {
    this.#runs.push(run);
    return this.count < MOST_PASSED ? this : new PassedRuns(this.position(MOST_PASSED));
  }

  /** The position after the first `count` runs. */
  position(count: number): SeriesPosition {
    const nexts = new Map<string, number>();
    for (const { next, of } of this.#runs.slice(0, count)) {
      nexts.set(of, Math.max(next, nexts.get(of) ?? 0));
    }
    return this.#from.withWriters(nexts);
  }
}

class WriterRun implements Run {
  readonly of: string;
  next = 0;
  readonly #before: PassedRuns;
  readonly #runsBefore: number;

  constructor(before: PassedRuns, writer: string) {
    this.#before = before;
    this.#runsBefore = before.count;
    this.of = writer;
  }

  passed(): PassedRuns {
    return this.#before.add(this);
  }

  cursorAfter(sequence: number): string {
    const before = this.#before.position(this.#runsBefore);
    return before.withWriters([[this.of, sequence + 1]]).toText();
  }
}

class ArchiveRun implements Run {
  readonly of: MarkedArchive;
  next = 0;
  readonly #before: SeriesPosition;
  readonly #progress: ArchiveProgress;

  constructor(before: PassedRuns, archive: MarkedArchive, progress: ArchiveProgress) {
    this.#before = before.position(before.count);
    this.of = archive;
    this.#progress = progress;
  }

  passed(): PassedRuns {
    return new PassedRuns(this.#after(this.next - 1));
  }

  cursorAfter(number: number): string {
    return this.#after(number).toText();
  }

  #after(number: number): SeriesPosition {
    const entry = entryOf(this.of, this.#progress, number + 1);
    return this.#before.withArchive(this.of.number, entry);
  }
}

/** The position in an archive of which `records` were read. */
function entryOf(
  { mark }: MarkedArchive,
  { offset }: ArchiveProgress,
  records: number,
): CursorArchive {
  const shape = mark.shapeFor(offset);
  return { ...shape, hash: mark.hash(shape) ?? '', records };
}

/** Whether the records are those of one block: all of them have sequences. */
function isOneBlock(records: readonly ArchiveRecord[]): boolean {
  const [first] = records;
  const last = records.at(-1);
  if (first === undefined || last === undefined) return true;
  return first.sequence !== undefined && originOf(first) === originOf(last);
}
