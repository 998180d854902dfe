import type { ArchiveRecord } from '../records/archive-record.js';
import { FrameScanner } from './frame-scanner.js';
import type { DecoderContext, KindDecoder } from './kind-decoder.js';
import { openFrame } from './open-frame.js';

/** Decodes frames of all versions: opens each that the scanner finds whole and valid. */
export class FrameDecoder implements KindDecoder {
  readonly #scanner: FrameScanner;
  #into: ArchiveRecord[] = [];

  constructor(context: DecoderContext) {
    const { archive, maxRecordBytes, selection } = context;
    const place = { archive, maxRecordBytes, selection };
    this.#scanner = new FrameScanner({
      ...context,
      inspect: (frame) => openFrame(frame, place, this.#into),
    });
  }

  decodeNext(into: ArchiveRecord[]): boolean {
    this.#into = into;
    return this.#scanner.next() !== null;
  }

  end(): void {
    this.#scanner.end();
  }
}
