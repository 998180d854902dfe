import { TemplateError } from '../../errors/template-error.js';
import { STATE_SUFFIXES, TORN_INFIX } from './archive-state.js';

/**
 * File systems allow 255 bytes; the rest is for `-1`, `.open`, `.gz` and everything else that
 * Shoebox appends.
 */
const LONGEST_NAME_BYTES = 180;

/**
 * Checks a name that a template made.
 *
 * @throws TemplateError if no archive may have this name
 */
export function checkArchiveName(name: string, template: string): void {
  const problem = problemOf(name);
  if (problem !== undefined) throw new TemplateError(template, problem);
}

/**
 * Checks the text of a template before it is expanded, because expanding replaces slashes by `_`.
 *
 * @throws TemplateError if it is meant for a file in another directory, or cannot name a file at
 *   all
 */
export function checkTemplateText(template: string): void {
  const problem = textProblemOf(template);
  if (problem !== undefined) throw new TemplateError(template, problem);
}

/**
 * The suffix of `name` that marks a file's state, if it has one. No archive's own name may end with
 * it.
 */
export function findStateSuffix(name: string): string | undefined {
  return STATE_SUFFIXES.find((suffix) => name.endsWith(suffix));
}

function textProblemOf(template: string): string | undefined {
  if (template === '') return 'is empty';
  if (/\p{Cc}/u.test(template)) return 'has a control character';
  if (!template.isWellFormed()) return 'has a lone surrogate, which UTF-8 cannot hold';
  if (template.startsWith('/')) return 'is an absolute path, expected a name';
  // Windows takes it for a slash, and a series must mean the same on every system.
  if (template.includes('\\')) return 'has a backslash';
  if (template.split('/').includes('..')) return 'leads outside of the directory';
  return undefined;
}

function problemOf(name: string): string | undefined {
  if (name === '') return 'makes an empty name';
  if (name.startsWith('.')) return `makes the name "${name}", which begins with a dot`;
  if (/\p{Cc}/u.test(name)) return 'makes a name with a control character';
  const suffix = findStateSuffix(name);
  if (suffix !== undefined) {
    return `makes the name "${name}", but ${suffix} at the end marks a file's state`;
  }
  if (name.includes(TORN_INFIX)) {
    return `makes the name "${name}", but ${TORN_INFIX} marks a file's state`;
  }
  const bytes = Buffer.byteLength(name);
  if (bytes > LONGEST_NAME_BYTES) {
    return `makes names of up to ${bytes} bytes, expected at most ${LONGEST_NAME_BYTES}`;
  }
  return undefined;
}
