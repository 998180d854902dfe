import { flag, oneOf, optionWithDefault, type ValuesOf } from './option.js';

/** How a record is printed. */
export const FORMATS = ['json', 'payload', 'metadata', 'hex', 'csv'] as const;
export type RecordFormat = (typeof FORMATS)[number];

/** How records are printed: the same options in every command that prints them. */
export const PRINT_OPTIONS = {
  format: optionWithDefault('--format <format>', FORMATS.join(', '), 'json', oneOf(...FORMATS)),
  withOrigin: flag('--with-origin', 'name the archive and the byte of each record'),
} as const;

/** What these options say. */
export type PrintOptions = ValuesOf<typeof PRINT_OPTIONS>;
