import { expect } from 'chai';

/** The bytes of the file in hex that a format page has. Checks that each line has the offset that it states. */
export function fileInHex(page: string): Buffer {
  const [, block = '', more] = page.split('```text\n');
  expect(more).to.equal(undefined);
  let bytes = Buffer.alloc(0);
  for (const [line, offset, hex = ''] of block.matchAll(/^ *(\d+) {2}((?:[0-9a-f]{2} ?)+)/gm)) {
    expect(Number(offset), line).to.equal(bytes.length);
    bytes = Buffer.concat([bytes, Buffer.from(hex.replaceAll(' ', ''), 'hex')]);
  }
  return bytes;
}
