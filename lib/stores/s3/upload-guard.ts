import type { Clock } from '../../streams/clock.js';
import type { PutBody } from '../contract/put-body.js';

/** The part of a client that is guarded: commands go out, answers come back. */
export interface SendsCommands {
  send(command: never, options: { readonly abortSignal: AbortSignal }): Promise<unknown>;
}

export interface UploadGuardOptions {
  /** Whether a command begins an upload of several parts. */
  readonly isCreation: (command: unknown) => boolean;
  /** Whether a command removes what the upload has left; it is sent after a failure, too. */
  readonly isCleanup: (command: unknown) => boolean;
  /** Told the id of the upload before any part of it goes out. */
  readonly onUploadCreated?: ((uploadId: string) => Promise<void>) | undefined;
  /** What the put rejects with when a command failed. */
  readonly describe: (error: unknown) => Error;
  readonly clock: Clock;
}

/** What requests in flight get to end by themselves, once their put has failed or was aborted. */
const GRACE_MS = 10_000;

/**
 * A client as one upload of the SDK's lib-storage is to see it. An upload tells of a failure only once
 * the body ended or gave more, which may be never, and its own `abort()` does not await what is in
 * flight. So here the first failure ends the body, and then nothing is sent any more but the cleanup;
 * requests in flight are cut off after 10 s, and so is the cleanup.
 */
export function guardUpload<Client extends SendsCommands>(
  client: Client,
  body: PutBody,
  { isCreation, isCleanup, onUploadCreated, describe, clock }: UploadGuardOptions,
): Client {
  const cut = new AbortController();
  body.failed.addEventListener('abort', () => clock.setTimer(() => cut.abort(), GRACE_MS));

  async function send(command: never): Promise<unknown> {
    if (isCleanup(command)) return sendCleanup(command);
    body.failed.throwIfAborted();
    try {
      const answer = await client.send(command, { abortSignal: cut.signal });
      await tellOfUpload(command, answer);
      return answer;
    } catch (error) {
      body.fail(describe(error));
      throw error;
    }
  }

  /** Where the listener fails, the answer is handed on all the same: the cleanup needs the id. */
  async function tellOfUpload(command: unknown, answer: unknown): Promise<void> {
    const uploadId = isCreation(command) ? uploadIdOf(answer) : undefined;
    if (uploadId === undefined) return;
    try {
      await onUploadCreated?.(uploadId);
    } catch (error) {
      body.fail(error);
    }
  }

  async function sendCleanup(command: never): Promise<unknown> {
    const late = new AbortController();
    const timer = clock.setTimer(() => late.abort(), GRACE_MS);
    try {
      return await client.send(command, { abortSignal: late.signal });
    } finally {
      timer.cancel();
    }
  }

  return Object.create(client, { send: { value: send } });
}

function uploadIdOf(answer: unknown): string | undefined {
  const isObject = typeof answer === 'object' && answer !== null;
  const uploadId: unknown = isObject && 'UploadId' in answer ? answer.UploadId : undefined;
  return typeof uploadId === 'string' ? uploadId : undefined;
}
