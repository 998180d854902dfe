import type { ArchiveWriter, CloseOptions, CloseResult } from '../../index.js';
import { type LoggedWriter, logWriter } from '../output/log-writer.js';
import type { Terminal } from '../output/terminal.js';

/** The figures of a writer, as far as a run shows them. */
type Figures = Pick<
  ReturnType<ArchiveWriter['stats']>,
  | 'records'
  | 'skipped'
  | 'writtenBytes'
  | 'sealed'
  | 'sealedBytes'
  | 'spoolBytes'
  | 'shipped'
  | 'left'
  | 'stalled'
>;

/** A writer of records into archives. */
export interface GroupedWriter extends LoggedWriter {
  stats(): Figures;
  close(options?: CloseOptions): Promise<CloseResult>;
}

const NOTHING: Figures = {
  ...{ records: 0, skipped: 0, writtenBytes: 0, sealed: 0, sealedBytes: 0 },
  ...{ spoolBytes: 0, shipped: 0, left: 0 },
  stalled: null,
};

/** The writers of a run, which count and end together. */
export class WriterGroup {
  readonly #open = new Set<GroupedWriter>();
  /** The figures of those that were closed before the end. */
  #closed = NOTHING;
  #archive = '';
  readonly #terminal: Terminal;

  /** @param terminal logs what the writers do */
  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  /** The archive that was opened last; empty before the first one. */
  get archive(): string {
    return this.#archive;
  }

  add(writer: GroupedWriter): void {
    this.#open.add(writer);
    logWriter(writer, this.#terminal);
    writer.on('open', ({ name }) => {
      this.#archive = name;
    });
  }

  /** Closes one writer before the end of the run. */
  async closeOne(writer: GroupedWriter): Promise<CloseResult> {
    this.#open.delete(writer);
    try {
      return await writer.close();
    } finally {
      this.#closed = sum([this.#closed, { ...writer.stats(), left: 0, spoolBytes: 0 }]);
    }
  }

  stats(): Figures {
    return sum([this.#closed, ...Array.from(this.#open, (writer) => writer.stats())]);
  }

  /**
   * Closes all writers at the same time.
   *
   * @throws the first error of a writer, after all of them have ended
   */
  async close(options?: CloseOptions): Promise<CloseResult> {
    const closing = Array.from(this.#open, (writer) => writer.close(options));
    const results: CloseResult[] = [];
    for (const ended of await Promise.allSettled(closing)) {
      if (ended.status === 'rejected') throw ended.reason;
      results.push(ended.value);
    }
    const reason = results.find((result) => result.reason !== undefined)?.reason;
    return {
      shipped: results.reduce((all, { shipped }) => all + shipped, 0),
      // Writers of one directory take over the same archives of earlier ones.
      left: [...new Set(results.flatMap(({ left }) => left))],
      ...(reason !== undefined && { reason }),
    };
  }
}

function sum(all: readonly Figures[]): Figures {
  return all.reduce(
    (total, each) => ({
      records: total.records + each.records,
      skipped: total.skipped + each.skipped,
      writtenBytes: total.writtenBytes + each.writtenBytes,
      sealed: total.sealed + each.sealed,
      sealedBytes: total.sealedBytes + each.sealedBytes,
      spoolBytes: total.spoolBytes + each.spoolBytes,
      shipped: total.shipped + each.shipped,
      left: total.left + each.left,
      stalled: total.stalled ?? each.stalled,
    }),
    NOTHING,
  );
}
