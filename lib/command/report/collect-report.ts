import {
  type ArchiveSummary,
  createArchiveReader,
  listArchives,
  type RollingReadOptions,
} from '../../index.js';
import { checkUsage } from '../options/usage-error.js';
import { type Interval, Timeline } from '../summary/timeline.js';
import { type ValueCount, ValueCounts } from '../summary/value-counts.js';
import { ProblemList, type ReportProblem } from './problem-list.js';

/** How many values of a key the page shows. */
const TOP_VALUES = 20;

/** Everything that the page shows. */
export interface ReportData {
  readonly patterns: readonly string[];
  readonly madeAt: string;
  readonly records: number;
  readonly payloadBytes: number;
  readonly storedBytes: number;
  readonly rawBytes: number;
  readonly firstTime: string | null;
  readonly lastTime: string | null;
  readonly intervalMs: number;
  readonly intervals: readonly Interval[];
  readonly metadata: ReadonlyArray<{ readonly key: string; readonly values: ValueCount[] }>;
  readonly archives: readonly ArchiveSummary[];
  readonly problems: readonly ReportProblem[];
  readonly moreProblems: number;
}

/** Reads everything, past damage. */
export async function collectReport(
  patterns: readonly string[],
  selection: Pick<RollingReadOptions, 'from' | 'to' | 'where' | 'order' | 's3'>,
  signal: AbortSignal,
  onRecords: (records: number) => void,
): Promise<ReportData> {
  const archives: ArchiveSummary[] = [];
  const listed = checkUsage(() => listArchives(patterns, { s3: selection.s3, signal }));
  for await (const archive of listed) archives.push(archive);
  const timeline = new Timeline();
  const values = new ValueCounts();
  const list = new ProblemList();
  let [records, payloadBytes] = [0, 0];
  let [firstMs, lastMs] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  const reader = createArchiveReader(patterns, { ...selection, signal, whenDamaged: 'skip' });
  reader.on('damage', ({ archive = '', begin, end, reason }) =>
    list.addDamage(archive, begin, end, reason),
  );
  reader.on('gap', (gap) => list.addGap(gap));
  for await (const batch of reader.batches()) {
    for (const record of batch) {
      const { metadata, payload, timeMicros } = record;
      list.pass(record);
      records++;
      payloadBytes += payload.length;
      values.add(metadata);
      if (timeMicros === undefined) continue;
      const timeMs = timeMicros / 1000;
      timeline.add(timeMs);
      firstMs = Math.min(firstMs, timeMs);
      lastMs = Math.max(lastMs, timeMs);
    }
    onRecords(records);
  }
  const known = archives.filter(({ rawBytes }) => rawBytes !== undefined);
  return {
    ...{ patterns, records, payloadBytes, archives },
    ...{ problems: list.problems, moreProblems: list.more },
    madeAt: new Date().toISOString(),
    storedBytes: known.reduce((sum, { bytes }) => sum + bytes, 0),
    rawBytes: known.reduce((sum, { rawBytes = 0 }) => sum + rawBytes, 0),
    firstTime: isoTime(firstMs),
    lastTime: isoTime(lastMs),
    intervalMs: timeline.stepMs,
    intervals: timeline.intervals(),
    metadata: [...values.top(TOP_VALUES)].map(([key, top]) => ({ key, values: top })),
  };
}

function isoTime(ms: number): string | null {
  return Number.isFinite(ms) ? new Date(ms).toISOString() : null;
}
