/** The bytes that JSON may begin with, white space included. No frame begins with one of them. */
const FIRST_BYTES: ReadonlySet<number> = new Set(Buffer.from('{["-0123456789tfn \t\r\n'));

/** Whether `byte` may be the first of JSON lines. This distinguishes them from frames. */
export function beginsAsJson(byte: number | undefined): boolean {
  return byte !== undefined && FIRST_BYTES.has(byte);
}
