/** The report of a child that has written into many partitions. */
export interface PartitionMemoryReport {
  readonly mostRssBytes: number;
  /** Bytes of the heap at four times, when everything so far was shipped. */
  readonly heap: readonly number[];
  readonly records: number;
  readonly sealed: number;
  readonly left: number;
}
