import { fromJsonLines, type JsonLinesStats } from '../../../index.js';
import { FrameParser } from './frame-parser.js';
import { LineParser } from './line-parser.js';
import type { MetadataPath } from './metadata-option.js';

/** How an input is read. */
export const INPUTS = ['json', 'lines', 'framed'] as const;

export interface InputParserOptions {
  readonly input: (typeof INPUTS)[number];
  readonly metadata: readonly MetadataPath[];
  readonly time: string | undefined;
  readonly isStrict: boolean;
  /** Takes each line that is not JSON, without its line feed. */
  readonly onRejected: (line: Uint8Array) => void;
}

/** Turns bytes into records. */
export interface InputParser {
  readonly stream: NodeJS.ReadWriteStream;
  /** Counts lines; undefined for input without JSON. */
  readonly stats: () => JsonLinesStats | undefined;
  /** Why the records ended before the end of the input. */
  readonly fault: () => Error | undefined;
}

/** @param firstLine the number of the first line, if records get the numbers of theirs as sequences */
export function createInputParser(options: InputParserOptions, firstLine?: number): InputParser {
  const { input, isStrict, metadata, onRejected, time } = options;
  if (input !== 'json') {
    const stream = input === 'lines' ? new LineParser(firstLine) : new FrameParser();
    return { stream, stats: () => undefined, fault: () => stream.fault };
  }
  const stream = fromJsonLines({
    metadata: Object.fromEntries(metadata),
    ...{ time, firstLine },
    invalid: isStrict ? 'fail' : 'skip',
  });
  stream.on('invalid', ({ bytes }) => onRejected(bytes));
  // Its error comes after the records before it were taken.
  return { stream, stats: () => stream.stats(), fault: () => undefined };
}
