import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';

import { expect } from 'chai';

import { DirectoryError } from '../../../lib/errors/directory-error.js';
import { NoArchivesError } from '../../../lib/errors/no-archives-error.js';
import { type FileLayer, nodeFileLayer } from '../../../lib/files/file-layer.js';
import {
  checkPatterns,
  listLocalArchives,
} from '../../../lib/series/listing/list-local-archives.js';
import { escapeGlob } from '../../../lib/series/names/glob.js';
import { CountingFiles } from '../../support/counting-files.js';
import { rejection } from '../../support/store-tools.js';

describe('listLocalArchives', () => {
  let directory: string;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'shoebox-list-'));
  });

  afterEach(() => rm(directory, { recursive: true, force: true }));

  async function make(...names: readonly string[]): Promise<void> {
    for (const name of names) {
      await mkdir(dirname(join(directory, name)), { recursive: true });
      await writeFile(join(directory, name), 'x');
    }
  }

  /** Patterns and results are relative to the directory. */
  async function list(...patterns: readonly string[]): Promise<string[]> {
    return listIn(directory, patterns);
  }

  async function listIn(root: string, patterns: readonly string[], files = nodeFileLayer) {
    const paths = patterns.map((pattern) => `${escapeGlob(root)}/${pattern}`);
    const found = await listLocalArchives(paths, { files, allowEmpty: true });
    return found.map((path) => relative(root, path)).sort();
  }

  it('matches a name with and without the suffix of its state', async () => {
    await make('x_1.events', 'x_2.events.gz', 'x_3.events.open', 'y_4.events', 'x_5.log');
    const series = ['x_1.events', 'x_2.events', 'x_3.events'];
    expect(await list('x_*.events')).to.deep.equal(series);
    expect(await list('x_*.events.gz')).to.deep.equal(['x_2.events']);
    expect(await list('x_*')).to.deep.equal([...series, 'x_5.log']);
  });

  it('lists an archive once if it exists in two states or matches two patterns', async () => {
    await make('x_1.events', 'x_1.events.gz', 'x_2.events.open', 'x_2.events');
    expect(await list('x_*.events', '*', 'x_1.events.gz', '../*/x_1.events')).to.deep.equal([
      'x_1.events',
      'x_2.events',
    ]);
  });

  it('lists everything below a directory', async () => {
    await make('a.events', 'b.events.gz', 'deeper/c.events', '.hidden.events', '.hidden/d.events');
    expect(await list('')).to.deep.equal(['a.events', 'b.events', 'deeper/c.events']);
    expect(await list('deeper')).to.deep.equal(['deeper/c.events']);
  });

  it('leaves out files beside archives that are not archives', async () => {
    await make('a.events', 'a.events.part', 'a.events.stale', 'a.events.suspect', '.a.events');
    await make('a.events.torn-512', 'a.events.journal');
    expect(await list('*')).to.deep.equal(['a.events']);
    expect(await list('*.part')).to.deep.equal([]);
  });

  it('accepts the path of an archive with the suffix of any state', async () => {
    await make('a.events.gz', 'b.events.open', 'c.events', 'd.events.stale');
    for (const suffix of ['', '.open', '.gz', '.stale']) {
      const patterns = ['a', 'b', 'c', 'd'].map((name) => `${name}.events${suffix}`);
      const found = ['a.events', 'b.events', 'c.events', 'd.events'];
      expect(await list(...patterns)).to.deep.equal(found);
    }
  });

  it('does not list a directory for the path of an archive', async () => {
    await make('a.events', 'b.events.gz');
    const files = new CountingFiles();
    const found = await listIn(directory, ['a.events', 'b.events'], files.layer);
    expect(found).to.have.length(2);
    expect(files.listed).to.deep.equal([]);
  });

  const odd = ['a[1].events', 'b (2).events', '*.events', '{c,d}.events', '!e.events', 'f?.events'];
  for (const name of odd) {
    it(`takes ${name} literally if an archive of this name exists in any state`, async () => {
      await make('a1.events', 'b 2.events', 'c.events', 'f1.events');
      expect(await list(name)).to.not.include(name);
      for (const state of [`${name}.gz`, name]) {
        await make(state);
        expect(await list(name)).to.deep.equal([name]);
        expect(await list(escapeGlob(name))).to.deep.equal([name]);
      }
    });
  }

  it('matches a glob below directories whose names contain glob characters', async () => {
    for (const root of ['a[1]', 'b (2)', '{c,d}', '!e', 'f*', 'g\\h', '+(i)']) {
      await make(`${root}/x_1.events`, `${root}/x_2.events.gz`);
      const found = await listIn(join(directory, root), ['x_*.events']);
      expect(found, root).to.deep.equal(['x_1.events', 'x_2.events']);
      const [plain] = await listIn(join(directory, root), ['x_2.events']);
      expect(plain, root).to.equal('x_2.events');
    }
  });

  it('descends as many levels as a glob has slashes, and all levels for **', async () => {
    await make('1.events', 'a/2.events.open', 'a/b/3.events.gz', 'a/b/c/4.events', 'z/5.events');
    expect(await list('*/*.events')).to.deep.equal(['a/2.events', 'z/5.events']);
    expect(await list('a/*/*.events')).to.deep.equal(['a/b/3.events']);
    expect(await list('{a/b,z}/*.events')).to.deep.equal(['a/b/3.events', 'z/5.events']);
    expect(await list('**/*.events')).to.have.length(5);
    expect(await list('a/**')).to.deep.equal(['a/2.events', 'a/b/3.events', 'a/b/c/4.events']);
    expect(await list('**/b/**/*.events')).to.have.length(2);
  });

  it('does not list directories that a glob cannot reach', async () => {
    await make('a/b/1.events', '2.events');
    const files = new CountingFiles();
    await listIn(directory, ['*.events'], files.layer);
    expect(files.listed).to.deep.equal([directory]);
  });

  it('follows links to archives and directories, but not in cycles', async () => {
    await make('real/1.events', 'real/2.events.gz');
    await symlink(join(directory, 'real'), join(directory, 'linked'));
    await symlink(join(directory, 'real'), join(directory, 'real', 'round'));
    await symlink(join(directory, 'real', '1.events'), join(directory, '3.events'));
    await symlink(join(directory, 'nowhere'), join(directory, '4.events'));
    expect(await list('linked/*.events')).to.deep.equal(['linked/1.events', 'linked/2.events']);
    expect(await list('*.events')).to.deep.equal(['3.events']);
    expect(await list('link*/*.events')).to.have.length(2);
    expect(await list('**/*.events')).to.deep.equal(['3.events', 'real/1.events', 'real/2.events']);
  });

  it('leaves out directories that are named like archives', async () => {
    await make('a.events/1.events', 'b.events');
    expect(await list('*.events')).to.deep.equal(['b.events']);
  });

  it('accepts a glob that is longer than a file name may be', async () => {
    await make('a.events');
    const names = Array.from({ length: 100 }, (_, i) => `name-${i}`);
    expect(await list(`{a,${names.join(',')}}.events`)).to.deep.equal(['a.events']);
  });

  it('reports patterns that match nothing, unless the caller allows it', async () => {
    const patterns = [join(directory, '*.events'), join(directory, 'none', 'a.events')];
    const options = { files: nodeFileLayer, allowEmpty: false };
    const error = await rejection(listLocalArchives(patterns, options));
    expect(error).to.be.instanceOf(NoArchivesError).and.to.have.deep.property('patterns', patterns);
    expect(await listLocalArchives(patterns, { ...options, allowEmpty: true })).to.deep.equal([]);
    await make('a.events');
    expect(await listLocalArchives(patterns, options)).to.deep.equal([join(directory, 'a.events')]);
  });

  for (const call of ['readdir', 'stat'] as const) {
    it(`names the directory if ${call} is refused`, async () => {
      const refusal = Object.assign(new Error('EACCES: no'), { code: 'EACCES', syscall: call });
      const files: FileLayer = { ...nodeFileLayer, [call]: () => Promise.reject(refusal) };
      const pattern = join(directory, '*.events');
      const error = await rejection(listLocalArchives([pattern], { files, allowEmpty: true }));
      expect(error).to.be.instanceOf(DirectoryError).and.to.include({ directory, cause: refusal });
      expect(error).to.have.property('message', `directory ${directory} ${UNREADABLE}`);
    });
  }

  it('passes on any other failure instead of returning an empty list', async () => {
    const failure = Object.assign(new Error('EIO: no'), { code: 'EIO', syscall: 'scandir' });
    const files: FileLayer = { ...nodeFileLayer, readdir: () => Promise.reject(failure) };
    const pattern = join(directory, '*.events');
    expect(await rejection(listLocalArchives([pattern], { files, allowEmpty: true }))).to.equal(
      failure,
    );
  });
});

const UNREADABLE = 'cannot be read: permission denied';

describe('checkPatterns', () => {
  it('returns a list for one pattern or several', () => {
    expect(checkPatterns('a')).to.deep.equal(['a']);
    expect(checkPatterns(['a', 'b*'])).to.deep.equal(['a', 'b*']);
    expect(checkPatterns('C:\\a')).to.deep.equal(['C:\\a']);
  });

  it('refuses URLs and shows them', () => {
    for (const url of [
      's3://bucket/prefix/*.events',
      'S3://bucket',
      'file:///tmp/*',
      'https://x',
    ]) {
      const message = `pattern ${JSON.stringify(url)} is a URL, expected a local path`;
      expect(() => checkPatterns(['a', url])).to.throw(RangeError, message);
    }
  });

  it('refuses an S3 URL with a slash too few', () => {
    for (const pattern of ['s3:/bucket/*', 'S3:bucket']) {
      expect(() => checkPatterns([pattern])).to.throw(RangeError, 'expected s3://bucket/prefix');
    }
  });

  it('refuses values that are not patterns', () => {
    for (const value of [undefined, null, 5, {}, [5], [undefined], '', ['']]) {
      // @ts-expect-error: JavaScript callers may pass anything.
      expect(() => checkPatterns(value)).to.throw(TypeError, 'pattern is ');
    }
  });
});
