/** The payload of a message. */
export function textOf(number: number): string {
  return `<message ${number}>${'x'.repeat(number % 100)}`;
}
