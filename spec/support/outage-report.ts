/** What a writer saw whose store went away for a while. */
export interface OutageReport {
  /** Attempts to ship that failed. */
  readonly failures: number;
  /** Archives that waited when the budget was used up. */
  readonly left: number;
  /** Records that the source had given when it was held first, and some time later. */
  readonly givenWhenHeld: number;
  readonly givenLater: number;
  readonly mostSpoolBytes: number;
  readonly mostRssBytes: number;
  readonly maxSpoolBytes: number;
  readonly recordBytes: number;
}
