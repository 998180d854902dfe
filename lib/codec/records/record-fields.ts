import { RecordError } from '../../errors/record-error.js';
import { nearestName } from '../../format/option-names.js';

const FIELDS = ['payload', 'metadata', 'time', 'timeMicros', 'sequence'];

/** A shorter word is no abbreviation of a field. */
const LEAST_PREFIX = 3;

/**
 * Refuses fields that a record does not have: they are misspelt, and would be lost silently. A field
 * that is undefined counts as not given.
 *
 * @throws RecordError with the field that was probably meant
 */
export function checkFields(record: object): void {
  for (const key in record) {
    const isField =
      key === 'payload' ||
      key === 'metadata' ||
      key === 'time' ||
      key === 'timeMicros' ||
      key === 'sequence';
    if (!isField) refuseField(record, key);
  }
}

function refuseField(record: object, key: string): void {
  // Inherited fields are no data, and a program may have extended `Object.prototype`.
  if (!Object.hasOwn(record, key) || Reflect.get(record, key) === undefined) return;
  const shown = JSON.stringify(key.length > 80 ? `${key.slice(0, 80)}…` : key);
  const near = nearestName(key, FIELDS) ?? FIELDS.find((field) => isAbbreviation(key, field));
  const hint =
    near === undefined ? `expected one of ${FIELDS.join(', ')}` : `did you mean "${near}"?`;
  const separator = near === undefined ? ',' : ':';
  throw new RecordError(`field ${shown}`, `is unknown${separator} ${hint}`);
}

/** `meta` of `metadata`, and `metadatas` of it. */
function isAbbreviation(key: string, field: string): boolean {
  const word = key.toLowerCase();
  return word.length >= LEAST_PREFIX && (field.startsWith(word) || word.startsWith(field));
}
