import { DeliveryError } from '../../errors/delivery-error.js';
import { isError, isUrl } from '../../errors/is-error.js';
import { quote } from '../../errors/show.js';
import { type OptionNames, readOptions } from '../../format/option-names.js';
import { checkFunction } from '../../format/option-values.js';
import { type Duration, parseDurationMs } from '../../format/quantity.js';
import type { Clock } from '../../streams/clock.js';
import { type HttpMessage, toHttpMessage } from '../messages/http-message.js';
import { Destination } from './destination.js';
import {
  DESTINATION_OPTION_NAMES,
  type DestinationOptions,
  parseDestinationOptions,
} from './destination-options.js';
import { type MessageSender, type SendResult, sendEach } from './message-sender.js';

/** Options of `toHttp`. */
export interface ToHttpOptions extends DestinationOptions {
  /** Where records are posted, such as `http://127.0.0.1:8080/records`. Without user and password. */
  readonly url: string | URL;
  /**
   * Headers of every request, such as `Authorization`. @default 'Content-Type: application/octet-stream'
   */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** How long a request may take. @default '30s' */
  readonly timeout?: Duration | undefined;
  /** The client, for a proxy or certificates of your own. @default the global `fetch` */
  readonly fetch?: typeof fetch | undefined;
}

const TO_HTTP_OPTION_NAMES: OptionNames<ToHttpOptions> = {
  ...DESTINATION_OPTION_NAMES,
  url: true,
  headers: true,
  timeout: true,
  fetch: checkFunction,
};

/**
 * Posts each record, as `shoebox serve` takes it: the payload is the body, the time is in the header
 * `X-Shoebox-Time`, and metadata are in headers `X-Shoebox-Meta-NAME`. A record is confirmed by a status
 * from 200 to 299. Time-outs, broken connections and the statuses 408, 425, 429 and 5xx are repeated,
 * after `Retry-After` if it is given; any other status is a `DeliveryError`. One request is made at
 * a time, which keeps the order; with `maxInFlight` so many are made at once.
 *
 * @throws TypeError or RangeError for an invalid option
 */
export function toHttp(options: ToHttpOptions): Destination<HttpMessage> {
  const given = readOptions(options, TO_HTTP_OPTION_NAMES);
  const settings = parseDestinationOptions(given, 1);
  const { timeout = '30s' } = given;
  const sender = new HttpSender({
    url: parseUrl(given.url),
    headers: new Headers({ 'content-type': 'application/octet-stream', ...given.headers }),
    timeoutMs: parseDurationMs(timeout, 'timeout'),
    fetch: given.fetch ?? fetch,
    clock: settings.clock,
  });
  return new Destination(sender, settings);
}

function parseUrl(given: string | URL): URL {
  const isGiven = typeof given === 'string' || isUrl(given);
  const url = isGiven && URL.canParse(String(given)) ? new URL(given) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw new TypeError(`url is ${quote(given)}, expected a URL of http or https`);
  }
  if (url.username !== '' || url.password !== '') {
    throw new TypeError('url has a user or a password, expected them in headers');
  }
  url.hash = '';
  return url;
}

interface HttpSenderOptions {
  readonly url: URL;
  readonly headers: Headers;
  readonly timeoutMs: number;
  readonly fetch: typeof fetch;
  readonly clock: Clock;
}

/** The result of a request that was not confirmed. */
interface Refusal {
  readonly failure: DeliveryError;
  readonly retryAfterMs: number | undefined;
}

/** Codes of certificates that are refused, and of requests that cannot be made. */
const LASTING = /CERT|SELF_SIGNED|UNABLE_TO|^ERR_(?:TLS|SSL|INVALID)/;

/** How much of an answer is read. The rest of a longer one ends the connection. */
const MOST_ANSWER_BYTES = 16 * 2 ** 10;

class HttpSender implements MessageSender<HttpMessage> {
  readonly #options: HttpSenderOptions;
  readonly #target: string;

  constructor(options: HttpSenderOptions) {
    this.#options = options;
    const { origin, pathname } = options.url;
    this.#target = origin + pathname;
  }

  async open(): Promise<void> {}

  toMessage(record: Parameters<typeof toHttpMessage>[0]): HttpMessage {
    return toHttpMessage(record, this.#options.url);
  }

  async send(messages: readonly HttpMessage[], signal: AbortSignal): Promise<SendResult> {
    let longestMs = 0;
    const result = await sendEach(messages, signal, async (message) => {
      const refusal = await this.#post(message, signal);
      longestMs = Math.max(longestMs, refusal?.retryAfterMs ?? 0);
      return refusal?.failure;
    });
    return { ...result, retryAfterMs: longestMs };
  }

  async close(): Promise<void> {}

  async #post(
    { body, headers, url }: HttpMessage,
    signal: AbortSignal,
  ): Promise<Refusal | undefined> {
    const { clock, timeoutMs } = this.#options;
    const late = new AbortController();
    const timer = clock.setTimer(() => late.abort(), timeoutMs);
    try {
      const all = new Headers(this.#options.headers);
      for (const [name, value] of headers) all.set(name, value);
      const response = await this.#options.fetch(url, {
        method: 'POST',
        headers: all,
        body,
        // A redirect would turn the request into a GET.
        redirect: 'manual',
        signal: AbortSignal.any([signal, late.signal]),
      });
      const answer = await readAnswer(response);
      return response.ok ? undefined : this.#refusal(response, answer);
    } catch (error) {
      const problem = late.signal.aborted ? `no answer within ${timeoutMs} ms` : problemOf(error);
      const code = codeOf(error);
      const failure = this.#failure(problem, code, !LASTING.test(code ?? ''), error);
      return { failure, retryAfterMs: undefined };
    } finally {
      timer.cancel();
    }
  }

  #refusal({ headers, status, statusText }: Response, answer: string): Refusal {
    const said = [statusText, headers.get('location'), answer.trim()].filter(Boolean).join(': ');
    const isTransient = status >= 500 || [408, 425, 429].includes(status);
    return {
      failure: this.#failure(`status ${status} ${said}`.trim(), String(status), isTransient),
      retryAfterMs: retryAfterMs(headers.get('retry-after'), this.#options.clock.now()),
    };
  }

  #failure(
    problem: string,
    destinationCode: string | undefined,
    transient: boolean,
    cause?: unknown,
  ): DeliveryError {
    const failure = { target: this.#target, problem, destinationCode, transient };
    return new DeliveryError(failure, cause === undefined ? undefined : { cause });
  }
}

/** The begin of an answer. Reading it frees the connection for the next request. */
async function readAnswer({ body }: Response): Promise<string> {
  if (body === null) return '';
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  // Leaving the loop cancels the rest.
  for await (const chunk of body) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes >= MOST_ANSWER_BYTES) break;
  }
  return Buffer.concat(chunks).toString('utf8', 0, 500);
}

/** Seconds or a date (RFC 9110, section 10.2.3). */
function retryAfterMs(text: string | null, nowMs: number): number | undefined {
  if (text === null) return undefined;
  const ms = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - nowMs;
  return Number.isFinite(ms) ? Math.max(ms, 0) : undefined;
}

/** `fetch` says only that it failed; the cause says why. */
function problemOf(error: unknown): string {
  const cause = isError(error) && isError(error.cause) ? error.cause : error;
  return isError(cause) ? cause.message || cause.name : String(cause);
}

function codeOf(error: unknown): string | undefined {
  const cause = isError(error) && isError(error.cause) ? error.cause : error;
  const code: unknown = isError(cause) && 'code' in cause ? cause.code : undefined;
  return typeof code === 'string' ? code : undefined;
}
