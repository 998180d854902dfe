import { quote } from '../../errors/show.js';
import { type FileLayer, nodeFileLayer } from '../../files/file-layer.js';
import type { OptionNames } from '../../format/option-names.js';
import {
  checkClock,
  checkFiles,
  checkFunction,
  checkPath,
  checkWholeNumber,
} from '../../format/option-values.js';
import {
  type ByteCount,
  type Duration,
  parseByteCount,
  parseDurationMs,
} from '../../format/quantity.js';
import { type Clock, systemClock } from '../../streams/clock.js';

/** Options of every destination of a replay. */
export interface DestinationOptions {
  /**
   * How many records are sent at once. The next ones are sent when all of these are confirmed; as
   * many may wait in memory. @default 1000; 1 for `toHttp`
   */
  readonly maxInFlight?: number | undefined;
  /**
   * How many bytes of payloads are sent at once; as many may wait in memory. A larger record is sent
   * alone. @default '16 MiB'
   */
  readonly maxInFlightBytes?: ByteCount | undefined;
  /**
   * How long a record is sent again that the destination does not take for a reason that may pass;
   * `Infinity` never gives up. Delays grow from 0.2 to 10 s. @default '5m'
   */
  readonly retryFor?: Duration | undefined;
  /**
   * A file for the position up to which everything is confirmed. It is replaced at once, about every
   * second, and at the end, whatever ended the stream. `readCursorFile` reads it for the option
   * `after` of a reader. Records must come from a reader, unchanged. @default none
   */
  readonly cursorFile?: string | undefined;
  /**
   * Called after records were confirmed, and awaited before others are sent: keeps the position
   * where `cursorFile` cannot, such as in the database that the records change. A rejection ends the
   * stream.
   */
  readonly onConfirmed?: ((confirmed: ConfirmedRecords) => unknown) | undefined;
  /** Clock for delays. @default systemClock */
  readonly clock?: Clock | undefined;
  /** The file system of `cursorFile`. @default nodeFileLayer */
  readonly files?: FileLayer | undefined;
}

/** How far a destination has confirmed records. */
export interface ConfirmedRecords {
  /** How many in all. */
  readonly records: number;
  /** The position after the last one; undefined if the records do not come from a reader. */
  readonly cursor: string | undefined;
}

export const DESTINATION_OPTION_NAMES: OptionNames<DestinationOptions> = {
  maxInFlight: true,
  maxInFlightBytes: true,
  retryFor: true,
  cursorFile: checkPath,
  onConfirmed: checkFunction,
  clock: checkClock,
  files: checkFiles,
};

/** The options of a destination, checked and with their defaults. */
export interface DestinationSettings {
  readonly maxInFlight: number;
  readonly maxInFlightBytes: number;
  readonly retryForMs: number;
  readonly cursorFile: string | undefined;
  readonly onConfirmed: ((confirmed: ConfirmedRecords) => unknown) | undefined;
  readonly clock: Clock;
  readonly files: FileLayer;
}

const MOST_IN_FLIGHT = 1_000_000;

/** @throws RangeError for a value that is out of range */
export function parseDestinationOptions(
  options: DestinationOptions,
  usualInFlight = 1000,
): DestinationSettings {
  const { clock = systemClock, cursorFile, files = nodeFileLayer, onConfirmed } = options;
  const { maxInFlight = usualInFlight, maxInFlightBytes = '16 MiB', retryFor = '5m' } = options;
  checkWholeNumber('maxInFlight', maxInFlight, 1, MOST_IN_FLIGHT);
  const mostBytes = parseByteCount(maxInFlightBytes, 'maxInFlightBytes');
  if (mostBytes === 0) {
    throw new RangeError(`maxInFlightBytes is ${quote(maxInFlightBytes)}, expected 1 or more`);
  }
  const isEndless = retryFor === Number.POSITIVE_INFINITY;
  return {
    ...{ clock, cursorFile, files, onConfirmed, maxInFlight },
    maxInFlightBytes: mostBytes,
    retryForMs: isEndless ? retryFor : parseDurationMs(retryFor, 'retryFor'),
  };
}
