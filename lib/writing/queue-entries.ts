/** No record, but work to do when all records before it were taken, and before those after it. */
export class Barrier {
  readonly onTaken: () => void;

  constructor(onTaken: () => void) {
    this.onTaken = onTaken;
  }
}

/** A record that could not be taken. Node reports the error, since `write` does not throw. */
export class FailedRecord {
  readonly error: unknown;

  constructor(error: unknown) {
    this.error = error;
  }
}
