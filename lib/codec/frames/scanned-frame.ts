import type { Version1Lengths } from '../version-1/version-1-record.js';
import type { FrameHeader } from '../version-2/frame-header.js';

/** A whole frame that is valid as far as can be told without opening it. */
export type ScannedFrame = VersionOneFrame | LaterFrame;

interface FramePlace {
  /** Where it begins: bytes from the start of the archive. */
  readonly offset: number;
  readonly version: number;
  /** All of it, its header included. */
  readonly bytes: Buffer;
}

interface VersionOneFrame extends FramePlace {
  readonly header: null;
  readonly lengths: Version1Lengths;
}

interface LaterFrame extends FramePlace {
  readonly header: FrameHeader;
}
