import type { FoundArchive } from '../../lib/series/opening/found-archive.js';
import { encodeJsonLines } from './encode-archive.js';
import { encodeUnsealed } from './series.js';

/** What an archive holds that exists only in memory. */
export interface NamedContent {
  readonly name: string;
  /** A hexadecimal digit, of which the writer's id consists; undefined for JSON lines. */
  readonly writer?: string;
  readonly sequence?: number;
  /** The time of the first record in ms; see `encodeUnsealed`. */
  readonly time?: number;
}

/** Archives that are only heads. Counts how often one is opened. */
export class NamedArchives {
  readonly found: FoundArchive[];
  readonly opened: string[] = [];

  constructor(contents: readonly NamedContent[]) {
    this.found = contents.map((content) => this.#find(content));
  }

  #find({ name, sequence = 0, time = 0, writer }: NamedContent): FoundArchive {
    const path = `/series/${name}`;
    return {
      path,
      isStored: false,
      findFile: async () => null,
      open: async () => {
        this.opened.push(name);
        const bytes =
          writer === undefined
            ? encodeJsonLines([`"${name}"`])
            : encodeUnsealed(['x'], { writer, sequence, time });
        return {
          path,
          isOpen: false,
          size: async () => bytes.length,
          read: async ({ start, end }) => bytes.subarray(start, end),
          async *stream() {
            yield bytes;
          },
          close: async () => undefined,
        };
      },
    };
  }
}

/** A name of the default template. */
export function defaultName(writer: string, ordinal: number, ms: number): string {
  const time = new Date(ms).toISOString().slice(0, 19).replaceAll(':', '-');
  return `events_${time}_${writer.repeat(16)}-${String(ordinal).padStart(6, '0')}.events`;
}
