import { RecentMap } from '../../codec/bytes/recent-map.js';
import type { FrameHeader } from '../../codec/version-2/frame-header.js';

/** How many blocks are remembered: about 15 MB. A repeat of an older block is read to compare it. */
const MOST_BLOCKS = 65_536;

/** What shows whether two blocks with the same sequences hold the same records. */
export type BlockFact = Pick<
  FrameHeader,
  'records' | 'bodyBytes' | 'bodyCrc' | 'earliestMicros' | 'latestMicros'
>;

/** The blocks that were read last, by writer and first sequence. */
export class BlockFacts {
  readonly #facts = new RecentMap<BlockFact>(MOST_BLOCKS);

  get(writer: string, sequence: number): BlockFact | undefined {
    return this.#facts.get(keyOf(writer, sequence));
  }

  add(header: FrameHeader): void {
    const { records, bodyBytes, bodyCrc, earliestMicros, latestMicros, sequence, writer } = header;
    const fact = { records, bodyBytes, bodyCrc, earliestMicros, latestMicros };
    this.#facts.set(keyOf(writer, sequence), fact);
  }
}

function keyOf(writer: string, sequence: number): string {
  return `${writer} ${sequence}`;
}
