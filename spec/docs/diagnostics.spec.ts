import { readFileSync } from 'node:fs';

import { expect } from 'chai';

const PROJECT = new URL('../../', import.meta.url);
const read = (path: string) => readFileSync(new URL(path, PROJECT), 'utf8');

describe('docs/diagnostics.md', () => {
  const page = read('docs/diagnostics.md');
  const source = read('lib/streams/diagnostics.ts');

  it('has a row with all fields of each channel', () => {
    const channels = [...source.matchAll(/channel\('shoebox-archive:(\w+)'\)/g)];
    expect(channels).to.have.length(8);
    for (const [, name = ''] of channels) {
      const [, row = ''] =
        new RegExp(`^\\| \`shoebox-archive:${name}\` (.*)$`, 'm').exec(page) ?? [];
      const type = `${name[0]?.toUpperCase()}${name.slice(1)}Diagnostics`;
      expect(fieldsOf(source, type).filter((field) => !row.includes(`\`${field}\``))).to.deep.equal(
        [],
      );
    }
  });

  it('names every figure of `stats`', () => {
    const fields = fieldsOf(read('lib/writing/writer-stats.ts'), 'WriterStats');
    expect(fields.length).to.be.greaterThan(15);
    expect(fields.filter((field) => !page.includes(`\`${field}\``))).to.deep.equal([]);
  });
});

/** The names of the fields that an interface declares. */
function fieldsOf(source: string, name: string): string[] {
  const [, body = ''] = new RegExp(`interface ${name} \\{\n([^]*?)\n\\}`).exec(source) ?? [];
  return [...body.matchAll(/^ {2}readonly (\w+)\??:/gm)].map(([, field = '']) => field);
}
