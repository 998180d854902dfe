/** How records are divided into folders: by the UTC hour or day of their times. */
export type TimePartition = 'hour' | 'day';

/** The names of the columns that the folders add, by the partition. */
export const PARTITION_COLUMNS: Readonly<Record<TimePartition, readonly string[]>> = {
  day: ['dt'],
  hour: ['dt', 'hour'],
};

const MICROS: Readonly<Record<TimePartition, number>> = { day: 86_400e6, hour: 3_600e6 };

/** Hive's name for a value that is missing. */
const MISSING = '__HIVE_DEFAULT_PARTITION__';

/** The number of the partition that a time falls into; undefined for a record without a time. */
export function partitionOf(
  timeMicros: number | undefined,
  partition: TimePartition,
): number | undefined {
  return timeMicros === undefined ? undefined : Math.floor(timeMicros / MICROS[partition]);
}

/** The folder of a partition, such as `dt=2026-11-30/hour=05`, as Hive names it. */
export function hiveFolder(index: number | undefined, partition: TimePartition): string {
  const time =
    index === undefined ? undefined : new Date((index * MICROS[partition]) / 1000).toISOString();
  const values = [time?.slice(0, 10), time?.slice(11, 13)];
  return PARTITION_COLUMNS[partition].map((name, i) => `${name}=${values[i] ?? MISSING}`).join('/');
}
