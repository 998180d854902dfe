import { PassThrough, pipeline, type Readable } from 'node:stream';

/**
 * The bytes of `body`, whose own errors come out as `describe` has them. An error that the consumer
 * destroys the stream with is left as it is. Either one's end ends the other.
 */
export function describeErrors(body: Readable, describe: (error: Error) => Error): Readable {
  const bytes = new PassThrough({
    destroy(error, callback) {
      callback(error !== null && error === body.errored ? describe(error) : error);
    },
  });
  return pipeline(body, bytes, () => {
    // Told by the stream itself.
  });
}
