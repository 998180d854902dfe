import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';

import type { Receipt } from '../../index.js';
import type { AnyWriter } from '../options/writer-options.js';
import type { Acknowledger } from './acknowledger.js';
import { describePlace } from './describe-place.js';
import type { BodyRequest } from './read-body.js';
import { type BatchLine, readLines } from './read-lines.js';
import { RequestError, tooLarge, toRequestError } from './request-error.js';

export interface BatchOptions {
  readonly writer: AnyWriter;
  readonly acknowledger: Acknowledger;
  readonly metadata: Readonly<Record<string, string>>;
  /** In ISO 8601; undefined means now. */
  readonly time: string | undefined;
  readonly mostLineBytes: number;
}

/** So many lines are archived while those before them get safe, and are then answered together. */
const LINES_TOGETHER = 1024;

/**
 * Results that the client does not read are kept up to so many bytes. Most clients read nothing
 * before they have sent everything: waiting for them at once would be a deadlock.
 */
const MOST_UNREAD_BYTES = 16 * 2 ** 20;

/** A line that was archived, or why it was not. */
type LineResult = Receipt | Error;

/**
 * Archives each line of a body, and answers each in order, once its record is safe. The first
 * results are sent with status 200; an error that ends the batch after it is the last line.
 *
 * @throws RequestError for an error before the first line
 */
export async function answerBatch(body: BodyRequest, options: BatchOptions): Promise<void> {
  const { response } = body;
  const { acknowledger, mostLineBytes, writer } = options;
  response.setHeader('Content-Type', 'application/x-ndjson');
  const answers = new BatchAnswers(response, options);
  let results: LineResult[] = [];
  let before: LineResult[] = [];
  try {
    for await (const payload of readLines(body, mostLineBytes)) {
      results.push(append(payload, options));
      if (results.length < LINES_TOGETHER) continue;
      await answers.send(before);
      [before, results] = [results, []];
      answers.hurry(before);
      await acknowledger.within(writer.ready()).catch(() => answers.giveUp());
    }
  } catch (error) {
    const isRefused = error instanceof RequestError && before.length + results.length > 0;
    if (!isRefused) throw error;
    // The client must learn which lines are archived.
    results.push(error);
  }
  await answers.send(before);
  await answers.send(results);
  await restOf(body.request);
  response.end();
}

/**
 * Waits until a client has sent the rest of its body, which is dropped. The end of an answer may close
 * the connection: that would reset it while the client sends, and the client would lose the answer.
 */
async function restOf(request: IncomingMessage): Promise<void> {
  if (request.complete) return;
  await Promise.race([once(request, 'end'), once(request, 'close')]);
}

/** The results of a batch, line by line. */
class BatchAnswers {
  readonly #response: ServerResponse;
  readonly #options: BatchOptions;
  #line = 0;
  /** Whether a line had to wait for too long: the others of the batch wait no more. */
  #isLate = false;

  constructor(response: ServerResponse, options: BatchOptions) {
    this.#response = response;
    this.#options = options;
  }

  /** Waits for nothing more: what is not safe now is reported as an error. */
  giveUp(): void {
    this.#isLate = true;
  }

  /** Has the records of these lines made safe, before they are waited for. */
  hurry(results: readonly LineResult[]): void {
    const last = results.findLast((result): result is Receipt => !(result instanceof Error));
    // Reported when it is sent.
    if (last !== undefined) this.#options.acknowledger.want(last).catch(() => undefined);
  }

  async send(results: readonly LineResult[]): Promise<void> {
    let lines = '';
    for (const result of results) lines += `${JSON.stringify(await this.#answer(result))}\n`;
    this.#response.write(lines);
    if (this.#response.writableLength <= MOST_UNREAD_BYTES) return;
    await Promise.race([once(this.#response, 'drain'), once(this.#response, 'close')]);
  }

  async #answer(result: LineResult): Promise<object> {
    const { acknowledger, writer } = this.#options;
    this.#line++;
    try {
      if (result instanceof Error) throw result;
      const settled = this.#isLate ? acknowledger.now(result) : acknowledger.settle(result);
      return { line: this.#line, ...describePlace(writer, await settled) };
    } catch (error) {
      const { message, status } = toRequestError(error);
      if (status >= 500) this.#isLate = true;
      return { line: this.#line, error: message };
    }
  }
}

function append(payload: BatchLine, options: BatchOptions): LineResult {
  const { metadata, mostLineBytes, time, writer } = options;
  try {
    return writer.append({ metadata, time, payload: checkLine(payload, mostLineBytes) });
  } catch (error) {
    return toRequestError(error);
  }
}

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** @throws RequestError for a line that is not JSON */
function checkLine(line: BatchLine, mostBytes: number): Buffer {
  if (line === null) throw tooLarge('the line', mostBytes);
  try {
    JSON.parse(UTF8.decode(line));
    return line;
  } catch (error) {
    const isSyntax = error instanceof SyntaxError;
    const fault = isSyntax ? `the line is no JSON: ${error.message}` : 'the line is not UTF-8';
    throw new RequestError(400, fault);
  }
}
