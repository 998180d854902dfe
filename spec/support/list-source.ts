import type { RecordInput } from '../../lib/index.js';
import {
  RecordSource,
  type SafePosition,
  type SeriesIntake,
  type SourceSeries,
  type SourceTarget,
} from '../../lib/sources/contract/record-source.js';

/** A source in this process: specs deliver records, and see what is acknowledged. */
export class ListSource extends RecordSource {
  readonly name = 'a list';
  readonly acknowledgeIntervalMs: number;
  /** What `archiveFrom` did, in order. */
  readonly calls: string[] = [];
  /** For each request, its positions by the paths of their series. */
  readonly requests: Record<string, number>[] = [];
  /** Called by `acknowledge`. */
  onAcknowledge: () => void | Promise<void> = () => {};
  #target: SourceTarget | undefined;
  #onStarted = () => {};
  readonly started = new Promise<void>((resolve) => {
    this.#onStarted = resolve;
  });

  constructor(acknowledgeIntervalMs = 0) {
    super();
    this.acknowledgeIntervalMs = acknowledgeIntervalMs;
  }

  /** The last acknowledged position of a series. */
  acknowledged(path = 'topic/0'): number | undefined {
    return this.requests.findLast((request) => path in request)?.[path];
  }

  /** Opens a series whose records have numbers, or have none. */
  async open(path = 'topic/0', numbers: 'given' | 'none' = 'given'): Promise<SeriesIntake> {
    await this.started;
    const series: SourceSeries = {
      path,
      options:
        numbers === 'given'
          ? { writerId: `list ${path}`, sequences: 'given', createDirectory: true }
          : { createDirectory: true },
    };
    if (this.#target === undefined) throw new Error('the source has not started');
    return await this.#target.open(series);
  }

  fail(error: Error): void {
    this.#target?.fail(error);
  }

  lose(from: number, to: number): void {
    this.reportLost({ series: 'topic/0', from, to, reason: 'expired' });
  }

  async start(target: SourceTarget): Promise<void> {
    this.calls.push('start');
    this.#target = target;
    this.#onStarted();
  }

  async acknowledge(positions: readonly SafePosition[]): Promise<void> {
    const entries = positions.map(({ position, series }) => [series.path, position] as const);
    this.requests.push(Object.fromEntries(entries));
    await this.onAcknowledge();
  }

  async stop(): Promise<void> {
    this.calls.push('stop');
  }

  async close(): Promise<void> {
    this.calls.push('close');
  }
}

/** Delivers records with these positions, and waits for room. */
export async function deliver(
  intake: SeriesIntake,
  positions: Iterable<number>,
  recordOf: (position: number) => RecordInput = numbered,
): Promise<void> {
  for (const position of positions) {
    if (!intake.take(position, recordOf(position))) await intake.ready();
  }
}

/** The record at a position. */
export function numbered(position: number) {
  return { payload: `record ${position}`, sequence: position, timeMicros: position };
}

/** The numbers from `from` to before `to`. */
export function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, i) => from + i);
}
