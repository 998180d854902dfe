import type { WriterStats } from '../../index.js';

/** A metric in the text format of Prometheus. */
interface Metric {
  readonly name: string;
  readonly type: 'counter' | 'gauge';
  readonly help: string;
  readonly value: number;
}

/** The figures of a writer in Prometheus' text format, version 0.0.4. */
export function prometheusText(stats: WriterStats): string {
  return metricsOf(stats)
    .map(
      ({ help, name, type, value }) =>
        `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${name} ${value}\n`,
    )
    .join('');
}

function metricsOf(stats: WriterStats): Metric[] {
  const counter = (name: string, help: string, value: number): Metric => ({
    ...{ help, value, type: 'counter' },
    name: `shoebox_${name}_total`,
  });
  const gauge = (name: string, help: string, value: number): Metric => ({
    ...{ help, value, type: 'gauge' },
    name: `shoebox_${name}`,
  });
  return [
    counter('records', 'Records accepted.', stats.records),
    counter('skipped_records', 'Inputs skipped because they were no records.', stats.skipped),
    counter(
      'already_archived_records',
      'Records not written because the series holds their sequences.',
      stats.alreadyArchived,
    ),
    gauge('pending_records', 'Records waiting in memory.', stats.pendingRecords),
    counter('sealed_archives', 'Archives sealed.', stats.sealed),
    counter('sealed_bytes', 'Bytes of the sealed archives.', stats.sealedBytes),
    counter('shipped_archives', 'Archives that the store has confirmed.', stats.shipped),
    gauge('unshipped_archives', 'Archives not in the store yet.', stats.left),
    counter('dropped_archives', 'Archives deleted before they were shipped.', stats.dropped),
    gauge('stalled', '1 while the disk refuses a step, else 0.', stats.stalled === null ? 0 : 1),
  ];
}
