import type { KafkaAdmin } from './kafka-client.js';

/** The offsets of a partition, as the broker gives them before its first record. */
export interface ResumePoint {
  /** The committed offset; undefined if there is none. */
  readonly committed: number | undefined;
  /** The archiver that has committed it; undefined if Shoebox has not. */
  readonly committedBy: string | undefined;
  /** The offset of the first record that is left. */
  readonly low: number;
  /** The offset after the last record. */
  readonly high: number;
}

const METADATA = 'shoebox ';

/** The text that is stored with each committed offset. */
export function commitMetadata(holder: string): string {
  return METADATA + holder;
}

/** Asks the broker where a group continues, and which records there are. */
export class ResumePoints {
  readonly #admin: KafkaAdmin;
  readonly #groupId: string;

  constructor(admin: KafkaAdmin, groupId: string) {
    this.#admin = admin;
    this.#groupId = groupId;
  }

  /**
   * @returns undefined if the broker does not know the partition
   * @throws what the client's requests fail with
   */
  async read(topic: string, partition: number): Promise<ResumePoint | undefined> {
    const request = { groupId: this.#groupId, topics: [topic] };
    // First, so that what is committed meanwhile does not lie above the end.
    const committed = await this.#admin.fetchOffsets(request);
    const watermarks = await this.#admin.fetchTopicOffsets(topic);
    const found = watermarks.find((one) => one.partition === partition);
    if (found === undefined) return undefined;
    const { metadata, offset = '-1' } =
      committed
        .find((one) => one.topic === topic)
        ?.partitions.find((one) => one.partition === partition) ?? {};
    const number = Number(offset);
    return {
      // KafkaJS commits -2 when the offset that it wants has expired.
      committed: number < 0 ? undefined : number,
      committedBy: metadata?.startsWith(METADATA) ? metadata.slice(METADATA.length) : undefined,
      low: Number(found.low),
      high: Number(found.high),
    };
  }
}
