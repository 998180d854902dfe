import { strftime } from './strftime.js';
import type { OpeningToken, SealingToken } from './template-parts.js';

/** What an archive's name is made of when the archive opens. */
export interface NameContext {
  /** When it opens, in µs since the epoch. */
  readonly timeMicros: number;
  /** Which of its writer's archives it is, counted from 0. */
  readonly sequence: number;
  readonly host: string;
  readonly pid: number;
  /** The writer's id, 16 hex digits. */
  readonly writer: string;
}

/** What is known of an archive once it is sealed. */
export interface SealFacts {
  /** Of all bytes of the file, in hex. */
  readonly sha256: string;
  readonly records: number;
  /** Of the records' times the earliest, in µs since the epoch; null where they have none. */
  readonly firstTimeMicros: number | null;
  /** Of the records' times the latest, in µs since the epoch; null where they have none. */
  readonly lastTimeMicros: number | null;
}

/** Characters of a host name that stay. */
export const LONGEST_HOST = 64;

const SEQUENCE_DIGITS = 6;

/** Times in names, as in `2026-11-24T12-30-05.123456Z`. */
const TIME_FORMAT = '%Y-%m-%dT%H-%M-%S.%fZ';

/** What stands for a token when the archive opens. */
export function openingText(token: OpeningToken, context: NameContext): string {
  switch (token) {
    case 'SEQUENCE':
      return String(context.sequence).padStart(SEQUENCE_DIGITS, '0');
    case 'HOST':
      return context.host.replace(/[^A-Za-z0-9._-]/gu, '_').slice(0, LONGEST_HOST);
    case 'PID':
      return String(context.pid);
    case 'WRITER':
      return context.writer;
    case 'TIMESTAMP':
      return secondsText(context.timeMicros);
  }
}

/** What stands for a token when the archive is sealed. */
export function sealingText(token: SealingToken, facts: SealFacts): string {
  switch (token) {
    case 'CRC':
      return facts.sha256;
    case 'COUNT':
      return String(facts.records);
    case 'FIRST_TIME':
      return timeText(facts.firstTimeMicros);
    case 'LAST_TIME':
      return timeText(facts.lastTimeMicros);
  }
}

function timeText(timeMicros: number | null): string {
  return timeMicros === null ? 'none' : strftime(TIME_FORMAT, timeMicros);
}

/** Seconds since the epoch, exact: a quotient of doubles would round the last digits. */
function secondsText(timeMicros: number): string {
  const micros = Math.abs(timeMicros);
  const fraction = String(micros % 1e6).padStart(6, '0');
  return `${timeMicros < 0 ? '-' : ''}${Math.floor(micros / 1e6)}.${fraction}`;
}
