/** What JSON may begin with, white space included; none of it begins a frame. */
const FIRST_BYTES: ReadonlySet<number> = new Set(Buffer.from('{["-0123456789tfn \t\r\n'));

/** Whether `byte` may be the first of JSON lines: by it they are told apart from frames. */
export function beginsAsJson(byte: number | undefined): boolean {
  return byte !== undefined && FIRST_BYTES.has(byte);
}
