import { type FrameHeader, followsGap } from '../../codec/version-2/frame-header.js';
import { ArchiveError } from '../../errors/archive-error.js';
import type { SequenceGap } from '../../series/opening/sequence-gap.js';
import { BlockFacts } from './block-facts.js';
import { type SequenceRange, SequenceRanges, withoutRanges } from './sequence-ranges.js';

/** Records that came after later records of their writer: sequences from `from` to before `to`. */
export interface LateRecords {
  /** 16 hex digits. */
  readonly writer: string;
  readonly from: number;
  /** The sequence after the last of them. */
  readonly to: number;
  /** The path of their archive. */
  readonly archive: string;
  /**
   * Whether the reader emits them. It does, unless it has forgotten whether it emitted them before:
   * it remembers the last 65,536 gaps of each writer.
   */
  readonly isEmitted: boolean;
}

/** Consecutive records, as an index describes them. */
export interface LedgerRun
  extends Pick<FrameHeader, 'records' | 'sequence' | 'writer' | 'earliestMicros' | 'latestMicros'> {
  /** The sequence before which they end, if some in between may be missing. */
  readonly end?: number | undefined;
}

/** Consecutive records that an index has ruled out. */
export interface LedgerSkip extends Pick<LedgerRun, 'records' | 'sequence' | 'writer' | 'end'> {
  /** Whether sequences before and in it may be missing by design. @default false */
  readonly hasGaps?: boolean;
}

/** Called when they are found; what they throw ends the read. */
export interface LedgerListener {
  /** Records are missing before a block. */
  readonly onGap?: (gap: SequenceGap) => void;
  /** Records came after later ones of their writer. */
  readonly onLate?: (late: LateRecords) => void;
  /** Records were read before. */
  readonly onRepeat?: (records: SequenceGap) => void;
  /** There are so many writers that one had to be forgotten: its repeats would not be noticed. */
  readonly onForgotten?: (writer: string) => void;
}

export interface SequenceLedgerOptions extends LedgerListener {
  /**
   * What to do with records that come after later records of their writer in another archive:
   * refuse them, or let them be read.
   */
  readonly whenLate: 'fail' | 'read';
}

/** How many writers are remembered; their state takes about 500 MB. */
const MOST_WRITERS = 2 ** 20;

/** Records of two archives with the same identities, in blocks that are not the same. */
export interface Overlap extends SequenceRange {
  readonly writer: string;
  /** The number of the archive that was read first, and of the other one. */
  readonly first: number;
  readonly second: number;
}

/** How many stretches of archives are remembered per writer. */
const MOST_STRETCHES = 4096;

interface WriterState {
  readonly read: SequenceRanges;
  /** Which archives the sequences are from, the latest last. */
  readonly stretches: (SequenceRange & { readonly archive: number })[];
  /** The number of the archive in which the writer was last met. */
  archive: number;
  /** The sequence after the highest one of the archives before that one. */
  endBefore: number;
  /** Before it, no sequence is reported as missing: an index has ruled out what was there. */
  skippedTo: number;
  /**
   * Whether a block said that sequences before it may be missing by design: its runs may overlap,
   * on one host or on several.
   */
  isGiven: boolean;
}

/**
 * Remembers which sequences of each writer were read, so that each record is read once: a record is
 * passed over only if a record with its writer and sequence was read before.
 */
export class SequenceLedger {
  readonly #writers = new Map<string, WriterState>();
  readonly #facts = new BlockFacts();
  readonly #options: SequenceLedgerOptions;
  #archive = '';
  #misplaced: Error | undefined;
  #archives = 0;
  /** The number of the archive whose blocks come. */
  #current = -1;
  #overlaps: Overlap[] = [];

  constructor(options: SequenceLedgerOptions) {
    this.#options = options;
  }

  /** Counts all records of a writer before `next` as read: what is missing there is no gap. */
  passAll(writer: string, next: number): void {
    if (next > 0) this.#stateOf(writer).read.add({ begin: 0, end: next });
  }

  /**
   * Call this before the blocks of an archive. Archives are numbered from 0 in this order.
   *
   * @param misplaced thrown if the archive holds a record that was not read before
   * @param number of an archive that has begun before, and has grown, or is read on after others
   * @returns its number
   */
  beginArchive(path: string, misplaced?: Error, number: number = this.#archives++): number {
    this.#archive = path;
    this.#misplaced = misplaced;
    this.#current = number;
    return number;
  }

  /** The sequence after the highest one of a writer that was read; undefined if none was. */
  endOf(writer: string): number | undefined {
    return this.#writers.get(writer)?.read.end;
  }

  /**
   * The overlaps of the archive with those before it that only a comparison of their records can
   * judge.
   */
  takeOverlaps(): Overlap[] {
    return this.#overlaps.splice(0);
  }

  /**
   * Whether all records of a block, or of a run of blocks that an index lists, were read already.
   * With the times of another run, it is not the one that was read.
   */
  has(run: LedgerRun): boolean {
    const ranges = this.#writers.get(run.writer)?.read;
    return ranges?.has(rangeOf(run)) === true && this.#hasTimesOf(run);
  }

  /**
   * The sequences of a block that were read before.
   *
   * @throws ArchiveError with the code `ERR_ARCHIVE_ORDER` for a late block with `whenLate: 'fail'`,
   *   and the error of a misplaced archive for any new record
   */
  passOver(header: FrameHeader): readonly SequenceRange[] {
    const state = this.#stateOf(header.writer);
    const range = rangeOf(header);
    const { end } = state.read;
    state.isGiven ||= followsGap(header);
    const isLate = end !== undefined && range.begin < end;
    if (this.#misplaced !== undefined && !state.isGiven && !state.read.has(range)) {
      throw this.#misplaced;
    }
    if (!isLate) return NOTHING;
    const before = state.read.within(range);
    const [late] = withoutRanges(range, before);
    if (this.#misplaced !== undefined && late !== undefined && late.begin < end) {
      throw this.#misplaced;
    }
    if (late !== undefined && late.begin < end) this.#checkOrder(header.writer, late, state);
    return before;
  }

  /** The part of a gap that is still missing: it did not come late either. */
  missingIn({ from, to, writer }: SequenceGap): SequenceGap[] {
    const range = { begin: from, end: to };
    const read = this.#writers.get(writer)?.read.within(range) ?? NOTHING;
    return withoutRanges(range, read).map(({ begin, end }) => ({ writer, from: begin, to: end }));
  }

  /** Call this for each good block, even if it is passed over. */
  noteRead(header: FrameHeader): void {
    const { writer } = header;
    const state = this.#stateOf(writer);
    const range = rangeOf(header);
    const { end } = state.read;
    const isNew = end === undefined || range.begin >= end;
    state.isGiven ||= followsGap(header);
    if (isNew && !followsGap(header)) this.#reportGap(writer, state, range.begin);
    const before = isNew ? NOTHING : state.read.within(range);
    if (before.length === 0 && header.records > 0) this.#facts.add(header);
    if (!isNew) this.#findOverlaps(header, before, state);
    state.read.add(range);
    for (const unread of withoutRanges(range, before)) this.#noteStretch(unread, state);
    if (!isNew) this.#report(header, before, state, end);
  }

  /**
   * Call this for each run that was not read because none of its records is wanted: they are not
   * missing.
   */
  noteSkipped({ end, hasGaps, records, sequence, writer }: LedgerSkip): void {
    const state = this.#stateOf(writer);
    if (hasGaps !== true) {
      this.#reportGap(writer, state, sequence);
      state.read.add(rangeOf({ records, sequence }));
      return;
    }
    // Which sequences it holds is not known, and another archive may hold those in between.
    state.isGiven = true;
    state.skippedTo = Math.max(state.skippedTo, end ?? sequence + records);
  }

  /** Reports that sequences are missing before `to`, unless nothing was read before. */
  #reportGap(writer: string, { read, skippedTo }: WriterState, to: number): void {
    if (read.end === undefined && skippedTo === 0) return;
    const from = Math.max(read.end ?? 0, skippedTo);
    if (to > from) this.#options.onGap?.({ writer, from, to });
  }

  #report(
    header: FrameHeader,
    before: readonly SequenceRange[],
    state: WriterState,
    end: number,
  ): void {
    const { writer } = header;
    const archive = this.#archive;
    const { onLate, onRepeat } = this.#options;
    for (const late of withoutRanges(rangeOf(header), before)) {
      const to = Math.min(late.end, end);
      if (late.begin < to) onLate?.({ writer, from: late.begin, to, archive, isEmitted: true });
    }
    for (const { begin: from, end: to } of before) {
      if (state.read.isUnknown(from)) onLate?.({ writer, from, to, archive, isEmitted: false });
      else onRepeat?.({ writer, from, to });
    }
  }

  #findOverlaps(header: FrameHeader, before: readonly SequenceRange[], state: WriterState): void {
    if (before.length === 0 || this.#isSameBlock(header)) return;
    for (const range of before) this.#noteOverlap(header.writer, range, state);
  }

  #isSameBlock(header: FrameHeader): boolean {
    const fact = this.#facts.get(header.writer, header.sequence);
    return (
      fact !== undefined &&
      fact.records === header.records &&
      fact.bodyCrc === header.bodyCrc &&
      fact.bodyBytes === header.bodyBytes &&
      fact.earliestMicros === header.earliestMicros &&
      fact.latestMicros === header.latestMicros
    );
  }

  /** Joins the overlaps with one archive: comparing two archives reads both once. */
  #noteOverlap(writer: string, range: SequenceRange, { stretches }: WriterState): void {
    const second = this.#current;
    for (const { archive: first, ...stretch } of stretches) {
      const begin = Math.max(range.begin, stretch.begin);
      const end = Math.min(range.end, stretch.end);
      if (begin >= end) continue;
      const known = this.#overlaps.findIndex(
        (overlap) =>
          overlap.writer === writer && overlap.first === first && overlap.second === second,
      );
      const other = this.#overlaps[known];
      if (other === undefined) this.#overlaps.push({ writer, first, second, begin, end });
      else {
        const joined = { begin: Math.min(other.begin, begin), end: Math.max(other.end, end) };
        this.#overlaps[known] = { writer, first, second, ...joined };
      }
    }
  }

  #noteStretch({ begin, end }: SequenceRange, { stretches }: WriterState): void {
    const archive = this.#current;
    const last = stretches.at(-1);
    // Also over a gap: what is compared are the records that both archives hold.
    if (last?.archive === archive && last.begin <= begin) {
      stretches[stretches.length - 1] = {
        begin: last.begin,
        end: Math.max(last.end, end),
        archive,
      };
      return;
    }
    stretches.push({ begin, end, archive });
    if (stretches.length > MOST_STRETCHES) stretches.shift();
  }

  #checkOrder(writer: string, late: SequenceRange, { endBefore }: WriterState): void {
    if (this.#options.whenLate === 'read' || late.begin >= endBefore) return;
    throw new ArchiveError(
      'ERR_ARCHIVE_ORDER',
      `record ${late.begin} of writer ${writer} comes after its record ${endBefore - 1} in the ` +
        "order of names: read with order: 'time'",
    );
  }

  #stateOf(writer: string): WriterState {
    let state = this.#writers.get(writer);
    if (state === undefined) {
      this.#forgetFirst();
      const read = new SequenceRanges();
      const archive = this.#current;
      state = { read, stretches: [], archive, endBefore: 0, skippedTo: 0, isGiven: false };
      this.#writers.set(writer, state);
    } else if (state.archive !== this.#current) {
      state.archive = this.#current;
      state.endBefore = state.read.end ?? 0;
    }
    return state;
  }

  #forgetFirst(): void {
    if (this.#writers.size < MOST_WRITERS) return;
    const [first] = this.#writers.keys();
    if (first === undefined) return;
    this.#writers.delete(first);
    this.#options.onForgotten?.(first);
  }

  /** Whether the blocks of a run that was read have its times, as far as they are remembered. */
  #hasTimesOf({ earliestMicros, latestMicros, records, sequence, writer }: LedgerRun): boolean {
    let [earliest, latest] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    const end = sequence + records;
    for (let next = sequence; next < end; ) {
      const fact = this.#facts.get(writer, next);
      if (fact === undefined || fact.records === 0) return true;
      earliest = Math.min(earliest, fact.earliestMicros);
      latest = Math.max(latest, fact.latestMicros);
      next += fact.records;
    }
    return earliest === earliestMicros && latest === latestMicros;
  }
}

const NOTHING: readonly SequenceRange[] = [];

function rangeOf({
  end,
  records,
  sequence,
}: Pick<LedgerRun, 'records' | 'sequence' | 'end'>): SequenceRange {
  return { begin: sequence, end: end ?? sequence + records };
}
