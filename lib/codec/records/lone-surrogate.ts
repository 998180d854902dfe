import { RecordError } from '../../errors/record-error.js';

/** The error for text that has half of a surrogate pair: UTF-8 has no bytes for it. */
export function loneSurrogate(field: string): RecordError {
  return new RecordError(field, 'has a lone surrogate, which UTF-8 cannot hold');
}
