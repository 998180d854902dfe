import { pipeline, Readable, Transform, type TransformCallback } from 'node:stream';

import type { S3Client } from '@aws-sdk/client-s3';

type RequestHandler = S3Client['config']['requestHandler'];

/**
 * How long an answer of the service's own text may be. A page of a thousand keys of 1 KiB, each
 * byte escaped in XML, has 6 MB.
 */
export const MAX_ANSWER_BYTES = 8 * 2 ** 20;

/** How long an answer with an error may be. */
export const MAX_ERROR_BYTES = 64 * 2 ** 10;

/**
 * A request handler that refuses endless answers: the SDK collects them in memory.
 *
 * @param answers `'errors'` for requests whose other answers are objects, which are streamed
 */
export function limitAnswers(
  handler: RequestHandler,
  answers: 'all' | 'errors',
): Pick<RequestHandler, 'handle'> {
  return {
    handle: async (...args) => {
      const result = await handler.handle(...args);
      const { response } = result;
      const body: unknown = response.body;
      if (!(body instanceof Readable)) return result;
      const isError = response.statusCode >= 300;
      if (answers === 'errors' && !isError) return result;
      const bytes = isError ? MAX_ERROR_BYTES : MAX_ANSWER_BYTES;
      response.body = pipeline(body, new AnswerLimit(bytes, response.statusCode), () => {
        // The reader of the last stream gets the error.
      });
      return result;
    },
  };
}

class AnswerLimit extends Transform {
  readonly #most: number;
  readonly #status: number;
  #bytes = 0;

  constructor(most: number, status: number) {
    super();
    this.#most = most;
    this.#status = status;
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, callback: TransformCallback): void {
    this.#bytes += chunk.length;
    if (this.#bytes <= this.#most) callback(null, chunk);
    else callback(this.#tooLong());
  }

  /** With the status, by which a failure counts as transient or not. */
  #tooLong(): Error {
    const problem = `the answer ${this.#status} has more than ${this.#most} bytes`;
    return Object.assign(new Error(problem), {
      name: 'AnswerTooLong',
      $metadata: { httpStatusCode: this.#status },
    });
  }
}
