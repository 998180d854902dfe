import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect } from 'chai';

import { callShoebox } from '../support/call-shoebox.js';
import { runShoebox } from '../support/run-shoebox.js';
import { TemporaryDirectories } from '../support/series.js';

describe('shoebox', () => {
  const temporary = new TemporaryDirectories();
  afterEach(() => temporary.remove());

  it('prints its help to stderr without arguments, and exits with 2', async () => {
    const { code, stderr, stdout } = await callShoebox([]);
    expect([code, stdout]).to.deep.equal([2, '']);
    expect(stderr).to.match(/^Usage: shoebox /);
  });

  it('prints help and version to stdout', async () => {
    const version = await runShoebox(['--version']);
    expect([version.code, version.stderr]).to.deep.equal([0, '']);
    expect(version.stdout).to.match(/^\d+\.\d+\.\d+\n$/);
    for (const args of [
      ['cat', '--help'],
      ['help', 'cat'],
    ]) {
      const { code, stdout } = await callShoebox(args);
      expect(code, args.join(' ')).to.equal(0);
      expect(stdout).to.match(/^Usage: shoebox cat .*--since/s);
    }
  });

  it('exits with 2 for wrong usage, and says what is wrong', async () => {
    const wrong: [args: string[], message: RegExp][] = [
      [['frobnicate'], /^shoebox: unknown command 'frobnicate'\n/],
      [['ca', 'x'], /^shoebox: unknown command 'ca'\n\(Did you mean cat\?\)\n/],
      [['cat'], /^shoebox: missing required argument 'pattern'\n/],
      [
        ['cat', 'x', '--sinc', '1'],
        /^shoebox: unknown option '--sinc'\n\(Did you mean --since\?\)/,
      ],
      [['cat', 'x', '--since'], /^shoebox: option '--since <time>' argument missing\n/],
      [['cat', 'x', '--since', 'yesterday'], /^shoebox: --since is "yesterday": expected a time/],
      [['cat', 'x', '--limit', '-1'], /^shoebox: --limit is "-1": expected a whole number/],
      [['cat', 'x', '--format', 'xml'], /^shoebox: --format is "xml": expected json, payload/],
      [['cat', 'x', '--where', 'a'], /^shoebox: --where is "a": expected KEY=VALUE/],
      [['cat', 'x', '--where', 'a=/(/'], /^shoebox: --where is "a=\/\(\/": Invalid regular/],
      [['cat', 'x', '--since', '-1h', '--until', '-2h'], /^shoebox: --until is .*see shoebox cat/s],
      [['repair', 'x'], /^shoebox: repair needs -o FILE/],
      [['repair', 'x', 'y', '-o', 'z'], /^shoebox: too many arguments/],
    ];
    for (const [args, message] of wrong) {
      const { code, stderr, stdout } = await callShoebox(args);
      expect([code, stdout], args.join(' ')).to.deep.equal([2, '']);
      expect(stderr).to.match(message);
    }
  });

  it('takes options from the command line, the environment, a section and the top level', async () => {
    const cwd = await temporary.make();
    await writeFile(
      join(cwd, 'shoebox.config.json'),
      '{ "limit": 1, "s3-endpoint": "http://a", "s3PathStyle": true, "cat": { "limit": 2, "where": ["a=b", "c=d"] } }',
    );
    const origins = async (args: string[], env = {}) => {
      const { code, stderr, stdout } = await runShoebox(['cat', 'x', '--print-config', ...args], {
        ...{ cwd, env },
      });
      expect([code, stderr]).to.deep.equal([0, '']);
      return new Map(stdout.split('\n').map((line) => [line.split('\t')[0], line]));
    };
    const file = await origins([]);
    expect(file.get('limit')).to.equal('limit\t2\tshoebox.config.json: cat.limit');
    expect(file.get('where')).to.equal('where\ta=b, c=d\tshoebox.config.json: cat.where');
    expect(file.get('s3-endpoint')).to.match(/\thttp:\/\/a\tshoebox\.config\.json: s3-endpoint$/);
    expect(file.get('format')).to.equal('format\tjson\tdefault');
    const environment = await origins([], { SHOEBOX_LIMIT: '3', SHOEBOX_S3_PATH_STYLE: '0' });
    expect(environment.get('limit')).to.equal('limit\t3\tSHOEBOX_LIMIT');
    expect(environment.get('s3-path-style')).to.equal('s3-path-style\t0\tSHOEBOX_S3_PATH_STYLE');
    const line = await origins(['--limit', '4', '--no-s3-path-style'], { SHOEBOX_LIMIT: '3' });
    expect(line.get('limit')).to.equal('limit\t4\t--limit');
    expect(line.get('s3-path-style')).to.equal('s3-path-style\tfalse\t--s3-path-style');
  });

  it('prints the options of a command without its arguments', async () => {
    for (const command of ['cat', 'record', 'gc', 'import']) {
      const { code, stdout } = await callShoebox([command, '--print-config']);
      expect([code, stdout.includes('s3-path-style\t\tdefault\n')]).to.deep.equal([0, true]);
    }
  });

  it('names file and key of a configuration that is wrong', async () => {
    const path = join(await temporary.make(), 'c.json');
    const wrong: [text: string, message: string][] = [
      ['{', 'c.json is no JSON: '],
      ['[]', 'c.json is no object of options'],
      ['{ "cat": 1 }', 'c.json: cat is no object of options'],
      ['{ "sinc": "-1h" }', 'c.json: sinc is no option of any command'],
      ['{ "cat": { "output": "x" } }', 'c.json: cat.output is no option of cat'],
      ['{ "limit": "many" }', 'c.json: limit is "many": expected a whole number'],
      ['{ "limit": null }', 'c.json: limit is null: expected text'],
    ];
    for (const [text, message] of wrong) {
      await writeFile(path, text);
      const { code, stderr } = await callShoebox(['cat', 'x', '--config', path]);
      const shown = stderr.replace(path, 'c.json').slice(0, 9 + message.length);
      expect([code, shown]).to.deep.equal([2, `shoebox: ${message}`]);
    }
    for (const [args, env] of [
      [['--config', 'none.json'], {}],
      [[], { SHOEBOX_CONFIG: 'none.json' }],
    ] as const) {
      const missing = await callShoebox(['cat', 'x', ...args], { env });
      expect(missing.stderr).to.equal(
        'shoebox: the configuration file none.json cannot be read: ENOENT\n',
      );
    }
  });
});
