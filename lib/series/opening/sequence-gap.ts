/** Missing records of a writer: sequences from `from` up to, but without, `to`. */
export interface SequenceGap {
  readonly writer: string;
  readonly from: number;
  /** The first sequence after the gap. */
  readonly to: number;
}
