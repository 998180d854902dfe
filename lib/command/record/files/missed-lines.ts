/** Lines that were not archived, because their file is gone or compressed. */
export interface MissedLines {
  /** The path at which the file was followed, or the compressed file. */
  readonly path: string;
  /** The number of the first of the lines. */
  readonly line: number;
  /** At least; there may be more. */
  readonly bytes: number;
  /** Where they are now. */
  readonly reason: 'gone' | 'compressed' | 'truncated';
}
