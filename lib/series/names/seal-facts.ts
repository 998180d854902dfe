/** The facts about a sealed archive that its name may hold. */
export interface SealFacts {
  /** SHA-256 of the whole file, in hex. */
  readonly sha256: string;
  readonly records: number;
  /** The earliest record time, in µs since the epoch; null if no record has a time. */
  readonly firstTimeMicros: number | null;
  /** The latest record time, in µs since the epoch; null if no record has a time. */
  readonly lastTimeMicros: number | null;
}
