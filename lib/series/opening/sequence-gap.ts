/** Records of a writer that are missing: their sequences, from the first to before `to`. */
export interface SequenceGap {
  readonly writer: string;
  readonly from: number;
  /** The sequence that comes behind the gap. */
  readonly to: number;
}
