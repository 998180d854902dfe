import { LINE_FEED } from '../../../format/json-lines.js';
import { MEMBER_STRETCH } from '../../../format/member-index.js';
import { PREAMBLE_BYTES } from '../../../format/preamble.js';
import { KIND_METADATA_INDEX } from '../../../format/version-2.js';
import { Slab } from '../../bytes/slab.js';
import { type MeasuredFrame, measureFrame } from '../../frames/measure-frame.js';
import { beginsAsJson } from '../../json-lines/begins-as-json.js';
import type { MemberFacts } from './member-entry.js';
import { MemberFactsBuilder } from './member-facts-builder.js';
import { keepMemberMemory, takeMemberMemory } from './member-memory.js';

/** A piece of an archive that becomes a member. */
export interface RawMember {
  /** The caller may return this memory by `reuse`. */
  readonly bytes: Buffer;
  readonly facts: MemberFacts;
}

/** A smaller archive is not cut before its end: readers fetch more than that at once anyway. */
const LEAST_EARLY_BYTES = 16 * 2 ** 10;

/** The content that follows: unknown so far; a frame's header or body; lines; not an archive. */
type Content = 'unknown' | 'header' | 'body' | 'lines' | 'other';

/**
 * Cuts an archive, in chunks of any size, into members: at the first end of a frame or line after
 * `memberBytes`; amid one if the member would become four times as large; anywhere if the bytes are
 * not a valid archive. All members together are the archive, byte for byte.
 */
export class MemberCutter {
  readonly #memberBytes: number;
  readonly #mostBytes: number;
  readonly #slabBytes: number;
  readonly #slab: Slab;
  readonly #facts = new MemberFactsBuilder();
  #content: Content = 'unknown';
  /** Where in the slab the frame with an incomplete header begins, and how much of it is needed. */
  #frameStart = 0;
  #headerBytes = PREAMBLE_BYTES;
  /** Where the frame ends whose header was read; this may be past the end of the member. */
  #frameEnd = 0;
  #isAtLineStart = true;
  /** Whether the member ends here. */
  #isDue = false;
  /** Whether a member was cut off. */
  #hasCut = false;
  /** The header of a frame that the next member begins with. */
  #carried: Buffer | null = null;

  constructor(memberBytes: number) {
    this.#memberBytes = memberBytes;
    this.#mostBytes = MEMBER_STRETCH * memberBytes;
    // A member ends after the block that reaches the limit. With a quarter more the slab seldom
    // grows.
    this.#slabBytes = memberBytes + (memberBytes >> 2);
    this.#slab = new Slab(this.#slabBytes, takeMemberMemory(this.#slabBytes));
  }

  /**
   * Whether all bytes so far are of complete frames or of lines, so that every record was counted.
   */
  get recordsAreExact(): boolean {
    return this.#facts.isExact;
  }

  /** The only writer of the records with a sequence: 16 hex digits; or null. */
  get writer(): string | null {
    return this.#facts.writer;
  }

  /** Whether sequences are missing between its records. */
  get hasGaps(): boolean {
    return this.#facts.hasGaps;
  }

  /** Copies `chunk` piece by piece, and yields each member as it is complete. */
  *cut(chunk: Buffer): Generator<RawMember> {
    if (this.#content === 'unknown' && chunk.length > 0) {
      const isLines = beginsAsJson(chunk[0]) || chunk[0] === LINE_FEED;
      this.#content = isLines ? 'lines' : 'header';
    }
    let rest = chunk;
    while (rest.length > 0) {
      const added = this.#content === 'lines' ? this.#addLines(rest) : this.#addFrames(rest);
      rest = rest.subarray(added);
      if (!this.#isDue) continue;
      yield this.#take();
      this.#decideCarried();
    }
  }

  /** Yields the last member, if any bytes are left. */
  *end(): Generator<RawMember> {
    const isAmidFrame = this.#content === 'header' && this.#slab.length > this.#frameStart;
    if (isAmidFrame || this.#content === 'body') this.#facts.addUnknown();
    if (this.#slab.length > 0) yield this.#take();
  }

  /** Gives back its own memory. No other call but `reuse` may follow. */
  release(): void {
    this.reuse(this.#slab.take(Buffer.alloc(0)));
  }

  /** Takes back the memory of a member that the caller no longer uses. */
  reuse({ buffer }: Buffer): void {
    // The memory of a huge record is larger.
    if (buffer.byteLength === this.#slabBytes) keepMemberMemory(Buffer.from(buffer));
  }

  /**
   * Adds bytes of frames, or of other content, up to the next point where the cutter must decide.
   */
  #addFrames(bytes: Buffer): number {
    const added = this.#append(bytes, this.#wanted());
    while (!this.#isDue && this.#slab.length >= this.#wanted()) this.#decide();
    return added;
  }

  /** The length of the slab at the next point where the cutter must decide. */
  #wanted(): number {
    if (this.#content === 'header') return this.#frameStart + this.#headerBytes;
    return this.#content === 'body' ? Math.min(this.#frameEnd, this.#mostBytes) : this.#memberBytes;
  }

  #decide(): void {
    if (this.#content === 'header') {
      this.#decideHeader();
      return;
    }
    this.#isDue = this.#slab.length >= this.#memberBytes;
    if (this.#content === 'body' && this.#slab.length === this.#frameEnd) {
      this.#content = 'header';
      this.#frameStart = this.#frameEnd;
      this.#headerBytes = PREAMBLE_BYTES;
    }
  }

  #decideHeader(): void {
    const measured = measureFrame(this.#slab.filled().subarray(this.#frameStart));
    if (measured === null) {
      this.#facts.addUnknown();
      this.#content = 'other';
    } else if (typeof measured === 'number') {
      this.#headerBytes = measured;
    } else if (this.#endsEarly(measured)) {
      this.#carried = Buffer.from(this.#slab.filled().subarray(this.#frameStart));
      this.#slab.length = this.#frameStart;
      this.#isDue = true;
    } else {
      this.#facts.addFrame(measured);
      this.#content = 'body';
      this.#frameEnd = this.#frameStart + measured.bytes;
    }
  }

  /**
   * A metadata index begins a member. So readers that look for metadata inflate the indexes of an
   * archive, and no blocks.
   */
  #endsEarly({ header }: MeasuredFrame): boolean {
    if (header?.kind !== KIND_METADATA_INDEX || this.#frameStart === 0) return false;
    return this.#hasCut || this.#frameStart >= LEAST_EARLY_BYTES;
  }

  #decideCarried(): void {
    const carried = this.#carried;
    if (carried === null) return;
    this.#carried = null;
    this.#append(carried, carried.length);
    this.#decideHeader();
  }

  /** Adds lines up to `memberBytes`, and from there to the end of a line. */
  #addLines(bytes: Buffer): number {
    const start = this.#slab.length;
    const isBelow = start < this.#memberBytes - 1;
    let end = isBelow ? this.#memberBytes - 1 : this.#mostBytes;
    if (!isBelow) {
      const lineFeed = bytes.subarray(0, end - start).indexOf(LINE_FEED);
      if (lineFeed !== -1) end = start + lineFeed + 1;
    }
    const added = this.#append(bytes, end);
    const { bytes: filled, length } = this.#slab;
    let lines = 0;
    let isAtLineStart = this.#isAtLineStart;
    for (let i = start; i < length; i++) {
      if (isAtLineStart) lines++;
      isAtLineStart = filled[i] === LINE_FEED;
    }
    this.#isAtLineStart = isAtLineStart;
    this.#facts.addUntimed(lines);
    const isFull = length >= this.#memberBytes && isAtLineStart;
    this.#isDue = isFull || length === this.#mostBytes;
    return added;
  }

  /** Copies bytes until the slab has `end` bytes. Returns how many it copied. */
  #append(bytes: Buffer, end: number): number {
    const count = Math.min(bytes.length, Math.max(end - this.#slab.length, 0));
    this.#slab.reserve(count);
    bytes.copy(this.#slab.bytes, this.#slab.length, 0, count);
    this.#slab.length += count;
    return count;
  }

  #take(): RawMember {
    const bytes = this.#slab.take(takeMemberMemory(this.#slabBytes));
    const isLines = this.#content === 'lines';
    const beginsWhole = isLines ? this.#isAtLineStart : this.#content === 'header';
    const facts = this.#facts.take(bytes.length, { beginsWhole });
    this.#frameStart -= bytes.length;
    this.#frameEnd -= bytes.length;
    this.#isDue = false;
    this.#hasCut = true;
    return { bytes, facts };
  }
}
