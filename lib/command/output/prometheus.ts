import type { DurationCounts, WriterStats } from '../../index.js';

/** A line of a metric: what its name is followed by, and its value. */
interface Sample {
  /** `_bucket{le="0.1"}`, `{outcome="failed"}` or nothing. */
  readonly suffix: string;
  readonly value: number;
}

/** A metric in the text format of Prometheus. */
interface Metric {
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  readonly samples: readonly Sample[];
}

/** The figures of the service before the writer. */
export interface HttpFigures {
  /** How many answers had each status code. */
  readonly responses: Readonly<Record<string, number>>;
  /** The version of this package. */
  readonly version: string;
}

/**
 * The figures of a writer in Prometheus' text format, version 0.0.4. Names follow its conventions:
 * base units (seconds, bytes), and `_total` for what only grows.
 */
export function prometheusText(stats: WriterStats, http: HttpFigures): string {
  return [...metricsOf(stats), ...httpMetrics(http)].map(textOf).join('');
}

function textOf({ help, name, samples, type }: Metric): string {
  const lines = samples.map(({ suffix, value }) => `${name}${suffix} ${value}\n`);
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join('')}`;
}

function metricsOf(stats: WriterStats): Metric[] {
  const { retries, uploads } = stats;
  return [
    counter('records', 'Records accepted.', stats.records),
    counter('skipped_records', 'Inputs skipped because they were no records.', stats.skipped),
    counter(
      'already_archived_records',
      'Records not written because the series holds their sequences.',
      stats.alreadyArchived,
    ),
    gauge('pending_records', 'Records waiting in memory.', stats.pendingRecords),
    counter('blocks', 'Blocks filled.', stats.blocks),
    counter('written_bytes', 'Bytes written to archives, without indexes.', stats.writtenBytes),
    counter('rolls', 'Archives completed to continue in a new one.', stats.rolls),
    counter('sealed_archives', 'Archives sealed.', stats.sealed),
    counter('sealed_bytes', 'Bytes of the sealed archives.', stats.sealedBytes),
    histogram('fsync_duration_seconds', 'How long calls of fsync took.', stats.syncs),
    gauge(
      'spool_bytes',
      'Bytes on the local disk that are not in the store yet.',
      stats.spoolBytes,
    ),
    counter('shipped_archives', 'Archives that the store has confirmed.', stats.shipped),
    counter('stored_bytes', 'Bytes of the objects of the shipped archives.', stats.storedBytes),
    gauge('unshipped_archives', 'Sealed archives that are not in the store yet.', stats.left),
    gauge(
      'oldest_unshipped_archive_age_seconds',
      'How long the oldest of the unshipped archives has been sealed; 0 without any.',
      (stats.oldestLeftMs ?? 0) / 1000,
    ),
    labelled('uploads', 'Attempts to ship an archive, by their outcome.', 'outcome', {
      ...uploads,
    }),
    labelled('retries', 'Attempts that followed a failed one.', 'of', { ...retries }),
    counter('dropped_archives', 'Archives deleted before they were shipped.', stats.dropped),
    counter('stalls', 'How often the disk has begun to refuse a step.', stats.stalls),
    gauge('stalled', '1 while the disk refuses a step, else 0.', stats.stalled === null ? 0 : 1),
  ];
}

function httpMetrics({ responses, version }: HttpFigures): Metric[] {
  const build = { suffix: `{version="${version}"}`, value: 1 };
  return [
    labelled('http_responses', 'Answers to requests, by status code.', 'code', responses),
    {
      name: 'shoebox_build_info',
      type: 'gauge',
      help: 'Always 1; its label is the version.',
      samples: [build],
    },
  ];
}

function counter(name: string, help: string, value: number): Metric {
  const samples = [{ suffix: '', value }];
  return { name: `shoebox_${name}_total`, type: 'counter', help, samples };
}

function gauge(name: string, help: string, value: number): Metric {
  return { name: `shoebox_${name}`, type: 'gauge', help, samples: [{ suffix: '', value }] };
}

/** A counter for each value of a label. */
function labelled(
  name: string,
  help: string,
  label: string,
  counts: Readonly<Record<string, number>>,
): Metric {
  const samples = Object.entries(counts).map(([text, value]) => ({
    suffix: `{${label}="${text}"}`,
    value,
  }));
  return { name: `shoebox_${name}_total`, type: 'counter', help, samples };
}

function histogram(name: string, help: string, { atMost, count, totalMs }: DurationCounts): Metric {
  const buckets = atMost.map((bucket) => ({
    suffix: `_bucket{le="${bucket.ms / 1000}"}`,
    value: bucket.count,
  }));
  const samples = [
    ...buckets,
    { suffix: '_bucket{le="+Inf"}', value: count },
    { suffix: '_sum', value: totalMs / 1000 },
    { suffix: '_count', value: count },
  ];
  return { name: `shoebox_${name}`, type: 'histogram', help, samples };
}
