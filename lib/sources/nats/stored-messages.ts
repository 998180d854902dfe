import type { ConsumerInfo, JetStreamManager, StoredMsg } from '@nats-io/jetstream';

/** So many messages are asked for at the same time. */
const REQUESTS_AT_ONCE = 64;

/** A range of a stream, as a consumer selects it. */
export interface StoredRange {
  readonly stream: string;
  readonly config: ConsumerInfo['config'];
  /** The first sequence. */
  readonly from: number;
  /** The last sequence. */
  readonly to: number;
}

/**
 * Reads messages from a stream itself, in their order: those that its consumer has delivered, but not
 * to this process.
 */
export async function* readStored(
  managing: JetStreamManager,
  { config, from, stream, to }: StoredRange,
): AsyncGenerator<StoredMsg> {
  const subjects = config.filter_subjects ?? (config.filter_subject ? [config.filter_subject] : []);
  if (subjects.length > 0) {
    yield* readMatching(managing, stream, subjects, from, to);
    return;
  }
  for (let seq = from; seq <= to; seq += REQUESTS_AT_ONCE) {
    const count = Math.min(REQUESTS_AT_ONCE, to - seq + 1);
    const requests = Array.from({ length: count }, (_, number) =>
      managing.streams.getMessage(stream, { seq: seq + number }),
    );
    for (const message of await Promise.all(requests)) if (message !== null) yield message;
  }
}

/** Asks for the next message of each subject, and gives the first of them. */
async function* readMatching(
  managing: JetStreamManager,
  stream: string,
  subjects: readonly string[],
  from: number,
  to: number,
): AsyncGenerator<StoredMsg> {
  const next = new Map<string, StoredMsg | null>();
  for (let seq = from; seq <= to; ) {
    for (const subject of subjects) {
      const known = next.get(subject);
      if (known === null || (known !== undefined && known.seq >= seq)) continue;
      // The first message of the subject at this sequence or after it (ADR-31 of NATS).
      const query = { seq, next_by_subj: subject };
      next.set(subject, await managing.streams.getMessage(stream, query));
    }
    const all = [...next.values()].filter((message) => message !== null);
    const [first] = all.sort((a, b) => a.seq - b.seq);
    if (first === undefined || first.seq > to) return;
    yield first;
    seq = first.seq + 1;
  }
}
