import type { SealFacts } from './seal-facts.js';
import { strftime } from './strftime.js';

/** Tokens that are replaced when an archive opens. */
export const OPENING_TOKENS = ['SEQUENCE', 'HOST', 'PID', 'WRITER', 'TIMESTAMP'] as const;

/** Tokens that stay in an archive's name until it is sealed. */
export const SEALING_TOKENS = ['CRC', 'COUNT', 'FIRST_TIME', 'LAST_TIME'] as const;

/** Tokens of the keys of objects, which are replaced when an archive is shipped. */
export const KEY_TOKENS = ['NAME', 'HOST', 'CRC', 'COUNT', 'FIRST_TIME', 'LAST_TIME'] as const;

export type OpeningToken = (typeof OPENING_TOKENS)[number];
export type SealingToken = (typeof SEALING_TOKENS)[number];
export type KeyToken = (typeof KEY_TOKENS)[number];

/** The values from which an archive's name is made when the archive opens. */
export interface NameContext {
  /** When it opens, in µs since the epoch. */
  readonly timeMicros: number;
  /** The archive's number within its writer, from 0. */
  readonly ordinal: number;
  readonly host: string;
  readonly pid: number;
  /** The writer's id, 16 hex digits. */
  readonly writer: string;
}

/** Longest host name that is not cut, in characters. */
export const LONGEST_HOST = 64;

const SEQUENCE_DIGITS = 6;

/** Times in names, as in `2026-11-24T12-30-05.123456Z`. */
const TIME_FORMAT = '%Y-%m-%dT%H-%M-%S.%fZ';

/** The text that replaces a token when the archive opens. */
export function openingText(token: OpeningToken, context: NameContext): string {
  switch (token) {
    case 'SEQUENCE':
      return String(context.ordinal).padStart(SEQUENCE_DIGITS, '0');
    case 'HOST':
      return hostText(context.host);
    case 'PID':
      return String(context.pid);
    case 'WRITER':
      return context.writer;
    case 'TIMESTAMP':
      return secondsText(context.timeMicros);
  }
}

/**
 * A host name with `_` for every character that could be unsafe in a path, cut to `LONGEST_HOST`.
 */
export function hostText(host: string): string {
  return host.replace(/[^A-Za-z0-9._-]/gu, '_').slice(0, LONGEST_HOST);
}

/** The text that replaces a token when the archive is sealed. */
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

export function isSealingToken(name: string): name is SealingToken {
  return SEALING_TOKENS.some((token) => token === name);
}

function timeText(timeMicros: number | null): string {
  return timeMicros === null ? 'none' : strftime(TIME_FORMAT, timeMicros);
}

/** Seconds since the epoch with all six decimals: dividing doubles would round the last ones. */
function secondsText(timeMicros: number): string {
  const micros = Math.abs(timeMicros);
  const fraction = String(micros % 1e6).padStart(6, '0');
  return `${timeMicros < 0 ? '-' : ''}${Math.floor(micros / 1e6)}.${fraction}`;
}
