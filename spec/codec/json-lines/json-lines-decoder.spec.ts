import { expect } from 'chai';

import { ArchiveDecoder } from '../../../lib/codec/archive-decoder.js';
import type { SkippedDamage } from '../../../lib/codec/frames/skipped-damage.js';
import { collectGarbage } from '../../support/collect-garbage.js';
import { decodeSkipping, flipBit } from '../../support/damaged-archive.js';
import { decodeArchive, decodeChunks, decodeDamaged } from '../../support/decode-archive.js';

function texts(lines: string, metadataKey?: string): string[] {
  return decodeArchive(Buffer.from(lines), { metadataKey }).map((record) => record.text());
}

describe('JsonLinesDecoder', () => {
  it('returns each line as the payload of a record', () => {
    expect(texts('{"a":1}\n[2]\n"é"\nnull\n')).to.deep.equal(['{"a":1}', '[2]', '"é"', 'null']);
  });

  it('returns empty lines as empty payloads, and keeps a carriage return', () => {
    expect(texts('\n1\r\n\n')).to.deep.equal(['', '1\r', '']);
  });

  it('returns records without time, sequence, writer and metadata', () => {
    const [record] = decodeArchive(Buffer.from('{"m":{"k":"v"}}\n'));
    const { sequence, timeMicros, time, writer, metadata } = record ?? {};
    expect([sequence, timeMicros, time, writer]).to.deep.equal(Array(4).fill(undefined));
    expect(Object.keys(metadata ?? { a: '' })).to.deep.equal([]);
    expect(record?.rawMetadata()).to.deep.equal([]);
  });

  it('separates the metadata under their key from the payload', () => {
    const options = { metadataKey: 'm' };
    const [record] = decodeArchive(Buffer.from('{"m":{"k":"v","é":"\\n"},"a":1}\n'), options);
    expect({ ...record?.metadata }).to.deep.equal({ k: 'v', é: '\n' });
    expect(record?.text()).to.equal('{"a":1}');
    expect(record?.rawMetadata().map(String)).to.deep.equal(['k,v', 'é,\n']);
  });

  it('treats other lines as payload', () => {
    const lines = ['{"a":1}', '{"a":1,"m":{}}', '{"m":1}', '{"m":{"k":1}}', '[]', '{"m":{"k"', 'x'];
    expect(texts(`${lines.join('\n')}\n`, 'm')).to.deep.equal(lines);
  });

  it('does not parse payloads; only the first line must begin as JSON', () => {
    expect(texts('{"a":1}\nnot JSON\n{\n')).to.deep.equal(['{"a":1}', 'not JSON', '{']);
  });

  it('returns a last line without a line feed if its JSON is whole', () => {
    expect(texts('1\n{"a":2}')).to.deep.equal(['1', '{"a":2}']);
  });

  for (const line of ['{"a":', '"\u00e9', 'nul', '{} x']) {
    it(`reports ${JSON.stringify(line)} without a line feed as torn`, () => {
      const { records, error } = decodeDamaged(Buffer.from(`1\n${line}`));
      expect(records).to.have.length(1);
      expect(error).to.include({ reason: 'torn', offset: 2 });
    });
  }

  it('reports a line that ends amid a character as torn', () => {
    const bytes = Buffer.from('"é').subarray(0, 2);
    expect(decodeDamaged(bytes).error.reason).to.equal('torn');
  });

  it("omits a last line without a line feed with tornTail 'end', whole or not", () => {
    for (const line of ['{"a":', '{"a":2}']) {
      const { records, error } = decodeChunks([Buffer.from(`1\n${line}`)], { tornTail: 'end' });
      expect(error).to.equal(undefined);
      expect(records.map((record) => record.text())).to.deep.equal(['1']);
    }
  });

  it('reports a line that is not UTF-8 as damage, after all records before it', () => {
    const bytes = Buffer.concat([Buffer.from('1\n'), Buffer.of(0x22, 0xff, 0x22, 0x0a)]);
    const { records, error } = decodeDamaged(bytes);
    expect(records).to.have.length(1);
    expect(error).to.include({ reason: 'bad-text', offset: 2 });
    expect(error.message).to.equal('damaged line at byte 2: expected UTF-8, found other bytes');
    expect(decodeDamaged(bytes.subarray(0, -1)).error.reason).to.equal('bad-text');
  });

  it('refuses a line over maxRecordBytes as soon as it has that many', () => {
    const options = { maxRecordBytes: 10 };
    expect(decodeArchive(Buffer.from('"12345678"\n'), options)).to.have.length(1);
    const { error } = decodeDamaged(Buffer.from('1\n"123456789"\n'), options);
    expect(error).to.include({ reason: 'too-large', offset: 2 });
    const unfinished = Array(11).fill(Buffer.from('['));
    expect(decodeChunks(unfinished, options).error).to.include({ reason: 'too-large', offset: 0 });
  });

  describe('that skips', () => {
    const bad = Buffer.of(0x22, 0xff, 0x22, 0x0a);
    const good = Buffer.from('{"a":1}\n');

    for (const size of [1, 5, 1000]) {
      it(`skips a bad line up to its line feed, in pieces of ${size}`, () => {
        const bytes = Buffer.concat([good, bad, good, Buffer.from('"123456789012"\n'), good]);
        const { records, damage } = decodeSkipping(bytes, size, { maxRecordBytes: 10 });
        expect(records.map(({ payload }) => payload)).to.deep.equal(Array(3).fill('{"a":1}'));
        expect(damage).to.deep.equal([
          { archive: undefined, begin: 8, end: 12, reason: 'bad-text', recordsLost: undefined },
          { archive: undefined, begin: 20, end: 35, reason: 'too-large', recordsLost: undefined },
        ]);
      });

      it(`reports adjoining lines as one, including a torn one, in pieces of ${size}`, () => {
        const bytes = Buffer.concat([good, bad, bad, Buffer.from('{"a"')]);
        const { records, damage } = decodeSkipping(bytes, size, { archive: 'a.jsonl' });
        expect(records).to.have.length(1);
        const whole = { archive: 'a.jsonl', reason: 'bad-text', recordsLost: undefined };
        expect(damage).to.deep.equal([{ ...whole, begin: 8, end: 20 }]);
      });
    }

    it('drops a line that is too large as its bytes come', () => {
      const damage: SkippedDamage[] = [];
      const onDamage = (skipped: SkippedDamage) => damage.push(skipped);
      const decoder = new ArchiveDecoder({ maxRecordBytes: 10, whenDamaged: 'skip', onDamage });
      const before = process.memoryUsage().arrayBuffers;
      for (let i = 0; i < 100; i++) {
        decoder.push(Buffer.alloc(2 ** 20, '['));
        expect(decoder.next()).to.equal(null);
      }
      collectGarbage();
      expect(process.memoryUsage().arrayBuffers - before).to.be.below(2 * 2 ** 20);
      decoder.push(Buffer.from('\n1\n'));
      expect(decoder.next()).to.have.length(1);
      expect(damage[0]).to.include({ reason: 'too-large', begin: 0, end: 100 * 2 ** 20 + 1 });
    });

    it('reports a torn last line, or ends there', () => {
      const bytes = Buffer.from('1\n{"a":');
      const torn = { archive: undefined, begin: 2, end: 7, recordsLost: undefined };
      expect(decodeSkipping(bytes).damage).to.deep.equal([{ ...torn, reason: 'torn' }]);
      expect(decodeSkipping(bytes, 3, { tornTail: 'end' }).damage).to.deep.equal([]);
    });

    it('with any bit flipped never crashes, and returns the untouched lines', () => {
      const lines = ['{"n":1}', '{"text":"é👟"}', '[]'];
      const bytes = Buffer.from(`${lines.join('\n')}\n`);
      // The first byte says that it is JSON lines.
      for (let bit = 8; bit < 8 * bytes.length; bit++) {
        const { records } = decodeSkipping(flipBit(bytes, bit), 4);
        const texts = records.map(({ payload }) => Buffer.from(payload, 'latin1').toString());
        const untouched = lines.filter((line) => texts.includes(line));
        expect(untouched.length).to.be.at.least(1);
      }
    });
  });
});
