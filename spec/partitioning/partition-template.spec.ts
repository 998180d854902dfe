import { expect } from 'chai';
import fc from 'fast-check';

import { RecordError } from '../../lib/errors/record-error.js';
import { TemplateError } from '../../lib/errors/template-error.js';
import { PartitionTemplate } from '../../lib/partitioning/partition-template.js';
import { createGlobMatcher } from '../../lib/series/names/glob-matcher.js';
import { anyCharacter } from '../support/arbitrary-record.js';

const NOON = Date.UTC(2026, 10, 30, 12) * 1000;

function folderOf(template: string, metadata: Record<string, string> = {}): string {
  return new PartitionTemplate(template).folderOf({ metadata, payload: '', timeMicros: NOON }, 0);
}

describe('PartitionTemplate', () => {
  it('puts metadata and the time of the record into folders', () => {
    const template = new PartitionTemplate('tenant=[[metadata.tenant]]/dt=%Y-%m-%d/hour=%H');
    const record = { metadata: { tenant: 'a' }, payload: '', timeMicros: NOON };
    expect(template.folderOf(record, 0)).to.equal('tenant=a/dt=2026-11-30/hour=12');
    expect(template.folderOf({ ...record, timeMicros: NOON - 1 }, 0)).to.equal(
      'tenant=a/dt=2026-11-30/hour=11',
    );
    expect(template).to.include({ depth: 3, hasDates: true, prefix: 'tenant=' });
  });

  it('takes the time of the write for a record without one', () => {
    expect(new PartitionTemplate('dt=%F').folderOf('text', NOON)).to.equal('dt=2026-11-30');
  });

  it('finds metadata in objects, maps, pairs and records, and in no prototype', () => {
    const template = new PartitionTemplate('x=[[metadata.k y]]');
    const metadata = [
      { 'k y': '1' },
      new Map([['k y', '1']]),
      [['a', 'b'] as const, ['k y', '1'] as const],
    ];
    for (const each of metadata) {
      expect(template.folderOf({ metadata: each, payload: '' }, 0)).to.equal('x=1');
    }
    const proto = new PartitionTemplate('x=[[metadata.toString]]');
    expect(proto.folderOf({ metadata: {}, payload: '' }, 0)).to.equal(
      'x=__HIVE_DEFAULT_PARTITION__',
    );
  });

  it('names a missing or empty value as Hive does', () => {
    const missing = 'tenant=__HIVE_DEFAULT_PARTITION__';
    expect(folderOf('tenant=[[metadata.tenant]]')).to.equal(missing);
    expect(folderOf('tenant=[[metadata.tenant]]', { tenant: '' })).to.equal(missing);
  });

  it('escapes values as escapePathName does, NUL and dots at the start too', () => {
    const values: [string, string][] = [
      ['a/b', 'a%2Fb'],
      ['\0', '%00'],
      ['\u001f\u007f', '%1F%7F'],
      ['"#%\'*:=?\\{[]^', '%22%23%25%27%2A%3A%3D%3F%5C%7B%5B%5D%5E'],
      ['a b}ü😀', 'a b}ü😀'],
      ['.', '%2E'],
      ['..', '%2E%2E'],
      ['.hidden', '%2Ehidden'],
      ['a.b..', 'a.b..'],
    ];
    for (const [value, folder] of values) {
      expect(folderOf('[[metadata.v]]', { v: value })).to.equal(folder);
    }
    expect(folderOf('v=[[metadata.v]]', { v: '..' })).to.equal('v=..');
    expect(folderOf('at=%H:%M')).to.equal('at=12%3A00');
  });

  it('keeps values apart that are alike when they are joined', () => {
    const template = new PartitionTemplate('[[metadata.a]]/[[metadata.b]]');
    const folders = [
      { a: 'x', b: ' 1:y' },
      { a: 'x 3: 1', b: 'y' },
    ].map((metadata) => template.folderOf({ metadata, payload: '' }, 0));
    expect(folders).to.deep.equal(['x/ 1%3Ay', 'x 3%3A 1/y']);
  });

  it('makes paths of as many segments as the template, which its pattern matches', () => {
    const template = new PartitionTemplate('[[metadata.a]]/b=[[metadata.b]]x/%Y');
    const isMatch = createGlobMatcher(template.pattern);
    const text = fc.string({ unit: anyCharacter, maxLength: 20 });
    fc.assert(
      fc.property(text, text, (a, b) => {
        fc.pre(a.isWellFormed() && b.isWellFormed());
        const folder = template.folderOf({ metadata: { a, b }, payload: '', timeMicros: NOON }, 0);
        const segments = folder.split('/');
        expect(segments).to.have.length(3);
        expect(segments).to.not.include.oneOf(['', '.', '..']);
        expect(isMatch(folder), folder).to.equal(true);
      }),
    );
  });

  it('refuses a record whose folder would have a name that is too long', () => {
    expect(() => folderOf('t=[[metadata.t]]', { t: 'x'.repeat(254) }))
      .to.throw(RecordError, 'with 256 bytes, expected at most 255')
      .with.property('field', 'metadata["t"]');
    expect(() => folderOf('t=[[metadata.t]]', { t: '/'.repeat(100) })).to.throw(RecordError);
    const long = { t: 'x'.repeat(250) };
    expect(() => folderOf('[[metadata.t]]/[[metadata.t]]/[[metadata.t]]', long)).to.throw(
      RecordError,
      'with 752 bytes, expected at most 640',
    );
  });

  it('refuses what is no record, and metadata that are no text', () => {
    const template = new PartitionTemplate('t=[[metadata.t]]');
    for (const record of [null, 7, { payload: '', metadata: { t: 7 } }]) {
      // Plain JavaScript calls it so.
      expect(() => template.folderOf(record as unknown as string, 0)).to.throw(RecordError);
    }
    expect(() => folderOf('t=[[metadata.t]]', { t: '\ud800' })).to.throw(RecordError);
  });

  it('refuses a template that names no folders below the directory', () => {
    const faults: [string, string][] = [
      ['', 'has an empty folder'],
      ['/dt=%F', 'has an empty folder'],
      ['dt=%F/', 'has an empty folder'],
      ['a=b/c=d', 'has neither a date nor [[metadata.KEY]]'],
      ['tenant=[[tenant]]', 'has the token [[tenant]], expected [[metadata.KEY]]'],
      ['tenant=[[metadata.]]', 'has the token [[metadata.]]'],
      ['tenant=[[metadata.a', 'has double brackets around no token'],
      ['[[metadata.a]]=b', 'has a column whose name is not fixed'],
      ['=%F', 'has a column without a name'],
      ['dt=', 'has a column without a value'],
      ['dt=%F%', 'cannot be expanded'],
      ['dt=%Q', 'cannot be expanded'],
    ];
    for (const [template, fault] of faults) {
      expect(() => new PartitionTemplate(template), template).to.throw(TemplateError, fault);
    }
  });
});
