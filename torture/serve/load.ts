import { once } from 'node:events';

import autocannon, { type Client, type Request } from 'autocannon';
import { createArchiveReader, verifyArchives } from 'shoebox-archive';

import { isUnaltered, makeRecord, type TortureRecord } from '../record.js';

/** Connections that post at the same time; every other one posts batches. */
const CONNECTIONS = 8;

/** Lines of a batch. */
const BATCH_LINES = 20;

/** Longer than any run: it is stopped. */
const FOREVER_SECONDS = 10_000;

/** The result of posting to a service that is killed. All counts but the first three must be 0. */
export interface ServeFindings {
  /** Records in the archive. */
  records: number;
  /** Answers with status 200. */
  answers: number;
  /** Records that such an answer has acknowledged. */
  acknowledged: number;
  /** Acknowledged records that are not in the archive under the identity of the answer. */
  lost: number;
  /** Records in the archive that were never posted as they are. */
  altered: number;
  /** Archives that `verifyArchives` reports as missing, altered or damaged. */
  broken: number;
}

/** Posts records to services, and remembers which were acknowledged under which identity. */
export class PostedRecords {
  /** By identity, `WRITER SEQUENCE`: the number of the record. */
  readonly #acknowledged = new Map<string, number>();
  #answers = 0;
  #posted = 0;

  /** Answers with status 200 so far. */
  get answers(): number {
    return this.#answers;
  }

  /**
   * Posts to a service with `autocannon`.
   *
   * @param onAnswer called after each answer with status 200
   * @returns ends the posting
   */
  shoot(url: string, onAnswer: () => void = () => {}): () => Promise<void> {
    let clients = 0;
    const options = {
      url: `${url}/healthz`,
      connections: CONNECTIONS,
      duration: FOREVER_SECONDS,
      setupClient: (client: Client) => this.#postFrom(client, clients++ % 2 === 1, onAnswer),
    };
    const ended = new AbortController();
    const load = autocannon(options, () => ended.abort());
    return async () => {
      load.stop();
      if (!ended.signal.aborted) await once(ended.signal, 'abort');
    };
  }

  /** Compares the archive with what was acknowledged. */
  async check(patterns: readonly string[]): Promise<ServeFindings> {
    const left = new Map(this.#acknowledged);
    const [answers, acknowledged] = [this.#answers, left.size];
    const found = { records: 0, answers, acknowledged, lost: 0, altered: 0, broken: 0 };
    for await (const record of createArchiveReader(patterns)) {
      found.records++;
      const posted = record.json() as TortureRecord;
      if (!isUnaltered(posted) || posted.n >= this.#posted) found.altered++;
      const identity = `${record.writer} ${record.sequence}`;
      if (left.get(identity) === posted.n) left.delete(identity);
    }
    found.lost = left.size;
    const { problems } = await verifyArchives(patterns, { full: true });
    // A service that was killed leaves its series unfinished.
    const broken = problems.filter(({ kind }) => kind !== 'unfinished');
    for (const { kind, message } of broken) console.log(`${kind}: ${message}`);
    return { ...found, broken: broken.length };
  }

  /** Posts from one connection, a request after each answer. */
  #postFrom(client: Client, isBatch: boolean, onAnswer: () => void): void {
    const next = (): Request => {
      const lines = isBatch ? BATCH_LINES : 1;
      const first = this.#posted;
      this.#posted += lines;
      const onResponse = (status: number, body: string) => {
        if (status === 200) {
          this.#note(first, body);
          onAnswer();
        }
        client.setRequests([next()]);
      };
      return { ...requestFor(first, lines), onResponse };
    };
    client.setRequests([next()]);
  }

  /** Notes the results in an answer: one, or one for each line of the batch. */
  #note(first: number, body: string): void {
    this.#answers++;
    const lines = body.split('\n').filter((line) => line !== '');
    for (const [i, text] of lines.entries()) {
      const { sequence, writer } = JSON.parse(text);
      if (writer !== undefined) this.#acknowledged.set(`${writer} ${sequence}`, first + i);
    }
  }
}

function requestFor(first: number, lines: number): Request {
  const records = Array.from({ length: lines }, (_, i) => JSON.stringify(makeRecord(0, first + i)));
  const type = lines === 1 ? 'application/json' : 'application/x-ndjson';
  return {
    method: 'POST',
    path: '/records',
    headers: { 'content-type': type },
    body: records.join('\n'),
  };
}
