import { readFileSync } from 'node:fs';

import { expect } from 'chai';

import { optionRows } from './option-tables.js';
import { OPTIONS_PAGE, tablesOf, withCurrentTables } from './options-page.js';

describe('docs/options.md', () => {
  const page = readFileSync(OPTIONS_PAGE, 'utf8');
  const index = readFileSync(new URL('../../lib/index.ts', import.meta.url), 'utf8');

  it('says what the doc comments say (`npm run docs` brings it up to date)', () => {
    expect(withCurrentTables(page)).to.equal(page);
  });

  it('has a table for every options interface that the library exports', () => {
    const exported = new Set([...index.matchAll(/\b\w+Options\b/g)].map(([name]) => name));
    expect(exported).to.include('ArchiveWriterOptions');
    // Other tables hold the fields of these, which their interfaces inherit.
    const inherited = [
      ...['RollingWriteOptions', 'FormatOptions', 'ArchiveDecoderOptions', 'DestinationOptions'],
    ];
    for (const parent of inherited) exported.delete(parent);
    expect(tablesOf(page)).to.include.members([...exported]);
  });
});

describe('the tables of options', () => {
  it('have the fields of an interface, and those that it inherits and keeps', () => {
    const names = optionRows('ArchiveWriterOptions').map(({ name }) => name);
    expect(names).to.include.members(['ship', 'directory', 'roll', 'blockBytes']);
    expect(names).to.not.include('shipper');
    const read = optionRows('RollingReadOptions').map(({ name }) => name);
    expect(read).to.include.members(['from', 'where', 'metadataKey']);
    expect(read).to.not.include('tornTail');
  });

  it('have the type, the default and the meaning of each field', () => {
    const [directory] = optionRows('RollingWriteOptions');
    expect(directory).to.include({ name: 'directory', type: 'string', isRequired: true });
    const sync = optionRows('RollingWriteOptions').find(({ name }) => name === 'sync');
    expect(sync).to.include({ type: 'SyncMode', isRequired: false, defaultValue: "'everysec'" });
    expect(sync?.description).to.match(/^When .*\.$/);
  });

  it('have a meaning for every field', () => {
    const page = readFileSync(OPTIONS_PAGE, 'utf8');
    const silent = tablesOf(page).flatMap((table) =>
      optionRows(table)
        .filter(({ description }) => description === '')
        .map(({ name }) => `${table}.${name}`),
    );
    expect(silent).to.deep.equal([]);
  });
});
