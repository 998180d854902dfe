/** The report of a writer whose store went away for a while. */
export interface OutageReport {
  /** How many attempts to ship failed. */
  readonly failures: number;
  /** How many archives waited when the budget was used up. */
  readonly left: number;
  /** How many records the source had given when it was first held, and some time later. */
  readonly givenWhenHeld: number;
  readonly givenLater: number;
  readonly mostSpoolBytes: number;
  readonly mostRssBytes: number;
  readonly maxSpoolBytes: number;
  readonly recordBytes: number;
}
