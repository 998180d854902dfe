import type { ArchiveRecord } from '../codec/records/archive-record.js';
import { PackedRecords } from '../codec/records/packed-records.js';
import type { PlacedArchive } from '../series/listing/archive-order.js';
import { PriorityQueue } from '../series/listing/priority-queue.js';
import type { ArchiveProgress } from './archives/archive-progress.js';
import type { ReadBatch, SeriesReading } from './series-reading.js';

/** Records without a time come before all others. */
const FIRST = Number.NEGATIVE_INFINITY;

/**
 * How many archives are open at a time. If more writers wrote at the same time, the archive whose
 * next record comes last is closed, and opened again if it has a next block.
 */
const MOST_OPEN = 64;

/** After so many records they are given to the consumer. */
const MOST_MERGED = 128;

/** The archives of a writer, of which one is open at most. */
interface Lane {
  /** The writer's id; empty if it is unknown before an archive is read. */
  readonly writer: string;
  /** Its number: lanes of equal times and writers keep their order. */
  readonly number: number;
  /** Archives that were not opened yet, in order. */
  readonly waiting: DueArchive[];
  /** The time of the next record, or a time before which no record of the next archive comes. */
  dueMicros: number;
  open: OpenArchive | undefined;
  /** The batch after the current one, if it was read before the archive was closed for others. */
  ahead: Promise<IteratorResult<ReadBatch, unknown>> | undefined;
  batch: LaneBatch | undefined;
}

/** The records of a batch that were not emitted yet. */
interface LaneBatch {
  readonly records: PackedRecords;
  /** The one that is emitted last. */
  readonly last: Pick<ArchiveRecord, 'sequence' | 'writer'>;
  readonly progress: ArchiveProgress;
}

interface DueArchive {
  readonly placed: PlacedArchive;
  readonly dueMicros: number;
  /** Whether it was open before, and closed for others. */
  readonly again: boolean;
}

interface OpenArchive {
  readonly due: DueArchive;
  readonly batches: AsyncGenerator<ReadBatch>;
}

/**
 * Yields the records of several writers by the time of each one's next record, in arrays that are
 * not empty. Records of a writer keep their order, also if their times go back. Ties go by writer
 * id; records without a time come first. Opens an archive when the earliest time of its first block
 * is due: of each writer, one archive is open while its records may be next.
 *
 * @param archives in order; those of a writer by sequence
 */
export async function* mergeByTime(
  archives: AsyncIterable<PlacedArchive>,
  reading: SeriesReading,
): AsyncGenerator<ArchiveRecord[]> {
  const lanes = new PriorityQueue<Lane>(compareLanes);
  for (const lane of await lanesOf(archives)) lanes.push(lane);
  const open = new Set<Lane>();
  let merged: ArchiveRecord[] = [];
  try {
    for (let lane = lanes.pop(); lane !== undefined; lane = lanes.pop()) {
      if (lane.batch === undefined) {
        if (merged.length > 0) yield merged;
        merged = [];
        if (!(await fill(lane, open, reading))) continue;
      } else {
        takeRun(lane, lane.batch, lanes.peek(), reading, merged);
        if (merged.length >= MOST_MERGED) {
          yield merged;
          merged = [];
        }
      }
      lanes.push(lane);
    }
    if (merged.length > 0) yield merged;
  } finally {
    for (const lane of open) await lane.open?.batches.return(undefined);
  }
}

/** Groups archives by writer, and finds out when each may be due at the earliest. */
async function lanesOf(archives: AsyncIterable<PlacedArchive>): Promise<Lane[]> {
  const lanes: Lane[] = [];
  const byWriter = new Map<string, Lane>();
  let lastMicros = FIRST;
  for await (const placed of archives) {
    const { kind, start } = placed;
    if (start === undefined) {
      // An archive that has just begun holds the last records of a writer, if any. A damaged one is
      // where its name belongs.
      const ends = { unsequenced: FIRST, damaged: lastMicros, begun: Number.POSITIVE_INFINITY };
      const dueMicros = kind === undefined || kind === 'sequenced' ? FIRST : ends[kind];
      lanes.push(createLane('', lanes.length, { placed, dueMicros, again: false }));
      continue;
    }
    const { earliestMicros, writer } = start;
    lastMicros = Math.max(lastMicros, earliestMicros);
    const due = { placed, dueMicros: earliestMicros, again: false };
    const lane = byWriter.get(writer);
    if (lane !== undefined) {
      lane.waiting.push(due);
      continue;
    }
    const created = createLane(writer, lanes.length, due);
    byWriter.set(writer, created);
    lanes.push(created);
  }
  for (const { waiting } of lanes) waiting.reverse();
  return lanes;
}

function createLane(writer: string, number: number, due: DueArchive): Lane {
  const { dueMicros } = due;
  const none = { open: undefined, ahead: undefined, batch: undefined };
  return { writer, number, waiting: [due], dueMicros, ...none };
}

/**
 * Reads the next records of a lane, or closes its archive.
 *
 * @param open the lanes whose archives are open
 * @returns false after the last archive
 */
async function fill(lane: Lane, open: Set<Lane>, reading: SeriesReading): Promise<boolean> {
  const { ahead } = lane;
  lane.ahead = undefined;
  const next = await (ahead ?? (await openNext(lane, open, reading))?.batches.next());
  if (next === undefined) return false;
  if (!next.done) {
    lane.batch = pack(next.value);
    lane.dueMicros = lane.batch.records.nextMicros ?? FIRST;
    return true;
  }
  lane.open = undefined;
  open.delete(lane);
  const waiting = lane.waiting.at(-1);
  if (waiting === undefined) return false;
  lane.dueMicros = waiting.dueMicros;
  return true;
}

/** The archive of a lane that is open, or else its next one; undefined after the last one. */
async function openNext(
  lane: Lane,
  open: Set<Lane>,
  reading: SeriesReading,
): Promise<OpenArchive | undefined> {
  if (lane.open !== undefined) return lane.open;
  const due = lane.waiting.pop();
  if (due === undefined) return undefined;
  if (open.size >= MOST_OPEN) await closeOne(open, reading);
  const { archive, misplaced } = due.placed;
  lane.open = { due, batches: reading.batches(archive, { misplaced, again: due.again }) };
  open.add(lane);
  return lane.open;
}

/**
 * Closes the archive whose next record comes last, if everything that was decoded was given. Reads on
 * in it before: a small archive has mostly ended, and need not be opened again for that.
 */
async function closeOne(open: Set<Lane>, reading: SeriesReading): Promise<void> {
  let last: Lane | undefined;
  for (const lane of open) {
    if (lane.batch === undefined || !reading.isLast(lane.batch.last)) continue;
    if (last === undefined || compareLanes(lane, last) > 0) last = lane;
  }
  if (last?.open === undefined) return;
  const { batches, due } = last.open;
  open.delete(last);
  last.open = undefined;
  last.ahead = batches.next();
  // Its error is for the records after those of the batch.
  const next = await last.ahead.catch(() => undefined);
  await batches.return(undefined);
  if (next?.done === false) last.waiting.push({ ...due, again: true });
}

function pack({ progress, records }: ReadBatch): LaneBatch {
  const { sequence, writer } = records.at(-1) ?? { sequence: undefined, writer: undefined };
  const packed = new PackedRecords(records);
  // The generators that have yielded the array hold it until the next one is wanted.
  records.length = 0;
  return { records: packed, last: { sequence, writer }, progress };
}

/** Moves the records of a lane that come before those of the next lane. */
function takeRun(
  lane: Lane,
  { progress, records }: LaneBatch,
  next: Lane | undefined,
  reading: SeriesReading,
  into: ArchiveRecord[],
): void {
  const begin = into.length;
  // The rest of a block is emitted at another position.
  records.beginTogether();
  do {
    const record = records.take();
    if (record !== undefined) into.push(record);
    lane.dueMicros = records.nextMicros ?? FIRST;
  } while (records.left > 0 && (next === undefined || compareLanes(lane, next) < 0));
  reading.link(begin === 0 ? into : into.slice(begin), progress);
  // The next records of an open archive come in their writer's order, whatever their time.
  if (records.left === 0) {
    lane.batch = undefined;
    lane.dueMicros = FIRST;
  }
}

function compareLanes(a: Lane, b: Lane): number {
  if (a.dueMicros !== b.dueMicros) return a.dueMicros < b.dueMicros ? -1 : 1;
  if (a.writer !== b.writer) return a.writer < b.writer ? -1 : 1;
  return a.number - b.number;
}
