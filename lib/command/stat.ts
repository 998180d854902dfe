import { type ArchiveSummary, createArchiveReader, listArchives } from '../index.js';
import { defineCommand } from './command-definition.js';
import { readSelection } from './options/read-selection.js';
import {
  JSON_OPTION,
  ORDER_OPTION,
  S3_OPTIONS,
  SELECTION_OPTIONS,
} from './options/shared-options.js';
import { checkUsage } from './options/usage-error.js';
import { bar } from './output/bar-plot.js';
import { escapeName } from './output/escape-name.js';
import { countOf, formatBytes, formatCount, formatTime } from './output/quantities.js';
import { formatTable } from './output/table.js';
import type { Terminal } from './output/terminal.js';
import { Timeline } from './summary/timeline.js';
import { ValueCounts } from './summary/value-counts.js';

/** How many values of a key are shown. */
const TOP_VALUES = 10;

/** The plot shows so many of the latest intervals. */
const MOST_BARS = 48;

const BAR_COLUMNS = 40;

/** The totals of a series. */
interface Totals {
  archives: number;
  /** On disk or in the store. */
  bytes: number;
  /** The stored size of the archives whose uncompressed size an index states. */
  knownBytes: number;
  rawBytes: number;
  records: number;
  payloadBytes: number;
  firstMs: number;
  lastMs: number;
}

/** Prints the totals of a series. */
export const stat = defineCommand({
  name: 'stat',
  args: '<pattern...>',
  summary: 'print totals, records per hour and the most frequent metadata',
  options: { ...SELECTION_OPTIONS, ...ORDER_OPTION, ...JSON_OPTION, ...S3_OPTIONS },
  examples: ['shoebox stat archive', 'shoebox stat s3://bucket/events --since -1d'],
  async run({ args, options, signal, terminal }) {
    const selection = readSelection(options);
    const totals: Totals = {
      ...{ archives: 0, bytes: 0, knownBytes: 0, rawBytes: 0, records: 0, payloadBytes: 0 },
      ...{ firstMs: Number.POSITIVE_INFINITY, lastMs: Number.NEGATIVE_INFINITY },
    };
    const archives = checkUsage(() => listArchives(args, { s3: selection.s3, signal }));
    for await (const archive of archives) addArchive(totals, archive);
    const timeline = new Timeline();
    const values = new ValueCounts();
    const reader = createArchiveReader(args, { ...selection, signal });
    for await (const records of reader.batches()) {
      for (const { metadata, payload, timeMicros } of records) {
        totals.records++;
        totals.payloadBytes += payload.length;
        values.add(metadata);
        if (timeMicros === undefined) continue;
        const timeMs = timeMicros / 1000;
        timeline.add(timeMs);
        totals.firstMs = Math.min(totals.firstMs, timeMs);
        totals.lastMs = Math.max(totals.lastMs, timeMs);
      }
      terminal.showStatus(`${formatCount(totals.records)} records read`);
    }
    terminal.clearStatus();
    if (options.json) await printJson(totals, timeline, values, terminal);
    else await printText(totals, timeline, values, terminal);
    return 0;
  },
});

function addArchive(totals: Totals, { bytes, rawBytes }: ArchiveSummary): void {
  totals.archives++;
  totals.bytes += bytes;
  if (rawBytes === undefined) return;
  totals.knownBytes += bytes;
  totals.rawBytes += rawBytes;
}

async function printJson(
  { knownBytes, firstMs, lastMs, ...totals }: Totals,
  timeline: Timeline,
  values: ValueCounts,
  terminal: Terminal,
): Promise<void> {
  await terminal.printJson({
    type: 'summary',
    ...totals,
    compressedTo: totals.rawBytes === 0 ? null : knownBytes / totals.rawBytes,
    firstTime: timeOf(firstMs)?.toISOString() ?? null,
    lastTime: timeOf(lastMs)?.toISOString() ?? null,
    intervalMs: timeline.stepMs,
    intervals: timeline.intervals(),
    metadata: Object.fromEntries(values.top(TOP_VALUES)),
  });
}

async function printText(
  totals: Totals,
  timeline: Timeline,
  values: ValueCounts,
  terminal: Terminal,
): Promise<void> {
  const { archives, bytes, knownBytes, payloadBytes, rawBytes, records } = totals;
  const percent = Math.round((100 * knownBytes) / rawBytes);
  const share = knownBytes < rawBytes ? `, ${percent} % of the uncompressed size` : '';
  await terminal.printLine(`${countOf(archives, 'archive')}, ${formatBytes(bytes)}${share}`);
  await terminal.printLine(
    `${countOf(records, 'record')}, ${formatBytes(payloadBytes)} of payload`,
  );
  const span = [totals.firstMs, totals.lastMs].map((ms) => formatTime(timeOf(ms)));
  if (Number.isFinite(totals.firstMs)) await terminal.printLine(`from ${span.join(' to ')} UTC`);
  await printPlot(timeline, terminal);
  for (const [key, counts] of values.top(TOP_VALUES)) {
    await terminal.printLine(`\n${escapeName(key)}`);
    if (counts.length === 0) await terminal.printLine('  too many values to count');
    const rows = counts.map(({ count, value }) => [formatCount(count), escapeName(value)]);
    for (const row of formatTable([{ heading: '', isNumber: true }, { heading: '' }], rows)
      .split('\n')
      .slice(1)) {
      await terminal.printLine(`  ${row}`);
    }
  }
}

async function printPlot(timeline: Timeline, terminal: Terminal): Promise<void> {
  const intervals = timeline.intervals();
  if (intervals.length === 0) return;
  const shown = intervals.slice(-MOST_BARS);
  const most = Math.max(...shown.map(({ records }) => records));
  const unit = timeline.stepMs === 3_600_000 ? 'hour' : `${timeline.stepMs / 3_600_000} hours`;
  const hidden = intervals.length - shown.length;
  const left = hidden === 0 ? '' : ` (the latest ${MOST_BARS} of ${intervals.length})`;
  await terminal.printLine(`\nrecords per ${unit}${left}`);
  const widest = formatCount(most).length;
  for (const { begin, records } of shown) {
    const count = formatCount(records).padStart(widest);
    const line = `  ${formatTime(begin).slice(0, 16)}  ${count}  ${bar(records, most, BAR_COLUMNS)}`;
    await terminal.printLine(line);
  }
}

function timeOf(ms: number): Date | undefined {
  return Number.isFinite(ms) ? new Date(ms) : undefined;
}
