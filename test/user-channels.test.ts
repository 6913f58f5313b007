import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { isPlaceholder } from '../src/channel/placeholder.ts';
import { channel, load } from './kit/user-channels.ts';

describe('channels.path', () => {
  test('one folder, relative to the configuration; .ts, .js and .mjs alike', async () => {
    const { own, broken, channels } = await load(
      {
        'mine/a1.mjs': channel('a1'),
        'mine/a2.js': channel('a2'),
        'mine/a3.ts': `import type { Kit } from './nowhere.ts';\nexport default (kit: Kit) => (${channel('a3').replace('export default', '').replace(/;\s*$/, '')})(kit);`,
        'mine/a4.cjs': 'no',
        'mine/_shared.mjs': 'throw new Error("never loaded")',
        'mine/a1.test.mjs': 'throw new Error("never loaded")',
        'mine/a3.d.ts': 'no',
        'mine/README.md': 'no',
      },
      'channels: {path: mine}',
    );
    assert.deepEqual(broken, []);
    assert.deepEqual(own, ['a1', 'a2', 'a3']);
    for (const name of ['feishu', ...own]) assert.equal(channels.get(name)?.name, name);
  });

  test('a list of folders, an environment variable in it, an override of it, one folder twice', async () => {
    const files = { 'x/one.mjs': channel('one'), 'y/two.mjs': channel('two') };
    assert.deepEqual((await load(files, 'channels: {path: [x, "${DIR}", ./x]}', { DIR: 'y' })).own, ['one', 'two']);
    assert.deepEqual((await load(files, 'channels: {path: x}', { PUSHSERVER_CHANNELS__PATH: 'y' })).own, ['two']);
    assert.deepEqual((await load(files, '', { PUSHSERVER_CHANNELS__PATH: 'y' })).own, []);
    assert.deepEqual((await load(files, '{}', { PUSHSERVER_CHANNELS__PATH__0: 'y' })).own, ['two']);
  });

  test('is known however wrong everything else is; what is wrong is then said once', async () => {
    const { own, parse } = await load(
      { 'mine/one.mjs': channel('one') },
      'server: {port: x}\nchannels: {path: mine}\nsecret: ${NONE}\nrecipients: {a: {platforms: {one: {webhooks: [{}]}}}}',
      { PUSHSERVER_NO__SUCH: '1' },
    );
    assert.deepEqual(own, ['one']);
    assert.throws(parse, (error: Error) => {
      for (const what of [/server\.port/, /unknown key/, /PUSHSERVER_NO__SUCH/, /one\.webhooks\[0\]\.url: missing/])
        assert.match(error.message, what);
      return true;
    });
  });

  test('a value that is no path is a fault of the configuration', async () => {
    for (const path of ['7', '{}', '[""]', '[[a]]']) {
      const { own, parse } = await load({}, `channels: {path: ${path}}`);
      assert.deepEqual(own, []);
      assert.throws(parse, /channels\.path.*expected (the path of a folder|text)/);
    }
  });

  test('an error in what tells two bots apart does not stop the start', async () => {
    const more =
      'credential: () => { throw new Error("x"); }, account: { key: () => { throw new Error("x"); }, rate: { per_day: 5 } },';
    const { broken, parse } = await load(
      { 'mine/one.mjs': channel('one', more) },
      'channels: {path: mine}\nrecipients: {a: {platforms: {one: {webhooks: [{url: "http://h/1"}, {url: "http://h/2"}]}}}}',
    );
    assert.deepEqual(broken, []);
    const [first, second] = parse().recipients.get('a')!.groups[0]!.targets;
    assert.notEqual(first!.lane, second!.lane);
  });
});

/** What may be wrong with a file, what is said of it, and what to do. */
const BROKEN: Readonly<Record<string, readonly [file: string, text: string, fault: RegExp, remedy: RegExp]>> = {
  'a syntax error': ['one.mjs', 'export default (kit) => {', /SyntaxError/, /correct the file/],
  'a syntax error in TypeScript': ['one.ts', 'export default (kit: => 3', /SyntaxError/, /correct the file/],
  'a missing import': ['one.mjs', 'import "nothing-there"; export default 1', /nothing-there/, /correct the file/],
  'an error while it is loaded': ['one.mjs', '\nthrow new Error("boom")', /boom \(line 2\)/, /correct the file/],
  'an error in its function': ['one.mjs', 'export default () => { throw null }', /threw: null/, /correct the file/],
  'no default export': ['one.mjs', 'export const one = 1', /no function/, /export default/],
  'a channel instead of a function': ['one.mjs', 'export default { name: "one" }', /no function/, /export default/],
  'a function that gives nothing': ['one.mjs', 'export default () => {}', /result of a define/, /adding-a-channel/],
  'a key that is missing': [
    'one.mjs',
    channel('one').replace('label:', 'lable:'),
    /no channel: label/,
    /adding-a-channel/,
  ],
  'a key that is misspelt': ['one.mjs', channel('one', 'acount: 1,'), /"acount"/, /adding-a-channel/],
  'another zod': ['one.mjs', channel('one', 'config: { parse() {} },'), /config: .*kit's z/, /adding-a-channel/],
  'a schema that cannot be shown': [
    'one.mjs',
    channel(
      'one',
      'get config() { const a = z.lazy(() => { throw new Error("no end"); }); return z.strictObject({ a }); },',
    ),
    /config: /,
    /adding-a-channel/,
  ],
  'another name': ['one.mjs', channel('two'), /named "two"/, /"one"/],
  'a name that cannot be one': ['One-1.mjs', channel('One-1'), /cannot be a platform/, /lower-case/],
};

describe('a broken file', () => {
  for (const [what, [file, text, fault, remedy]] of Object.entries(BROKEN)) {
    test(`with ${what} is named, and only those who name it are told`, async () => {
      const name = file.replace(/\..*/, '');
      const yaml = [
        'channels: {path: mine}',
        `${name}: {server: "\${HOST}"}`,
        'recipients:',
        '  a:',
        '    platforms:',
        `      ${name}: {recipients: [{name: n1, password: hush-hush, tls: [1], rate_limit: 3, more: {deep: [deep-secret]}}]}`,
      ].join('\n');
      const { folder, own, broken, channels, parse } = await load(
        { [`mine/${file}`]: text, 'mine/good.mjs': channel('good') },
        yaml,
        {
          HOST: 'host.of.mine',
          [`PUSHSERVER_RECIPIENTS__A__PLATFORMS__${name.replace('-', '_').toUpperCase()}__RECIPIENTS__0__TOKEN`]:
            'token-of-mine',
        },
      );
      assert.deepEqual(own, ['good']);
      assert.equal(broken.length, 1);
      assert.equal(broken[0]!.file, join(folder, 'mine', file));
      assert.match(broken[0]!.fault.en, fault);
      assert.match(broken[0]!.remedy.en, remedy);
      assert.match(broken[0]!.fault.zh + broken[0]!.remedy.zh, /\p{Script=Han}/u);
      assert.ok(isPlaceholder(channels.get(name)!));
      const config = parse();
      assert.equal(config.targets.get('a')?.get(name)?.get('n1')?.enabled, true);
      for (const secret of ['hush-hush', 'deep-secret', 'host.of.mine', 'token-of-mine'])
        assert.ok(config.secrets.includes(secret), secret);
    });
  }

  test('with the name of a built-in channel, or of a section, changes nothing for those who use that', async () => {
    const { broken, channels, parse } = await load(
      { 'mine/feishu.mjs': channel('feishu'), 'mine/http.mjs': channel('http'), 'mine/system.mjs': channel('system') },
      'channels: {path: mine}\nhttp: {proxy: "no"}',
    );
    assert.deepEqual(
      broken.map(({ name }) => name),
      ['feishu', 'http', 'system'],
    );
    for (const { fault } of broken) assert.match(fault.en, /already the name/);
    assert.equal(channels.get('feishu')?.label.zh, '飞书');
    assert.equal(channels.has('http'), false);
    parse();
  });

  test('two of one name: neither is used, both are named', async () => {
    const { broken, channels } = await load(
      { 'x/one.mjs': channel('one'), 'y/one.ts': channel('one') },
      'channels: {path: [x, y]}',
    );
    assert.deepEqual(
      broken.map(({ file }) => file.slice(-8)),
      ['/one.mjs', 'y/one.ts'],
    );
    assert.match(broken[0]!.fault.en, /same name as .*one\.ts/);
    assert.ok(isPlaceholder(channels.get('one')!));
  });

  test('a folder that is not there: whoever names a platform of it is told, the others are served', async () => {
    const { broken, channels, parse } = await load(
      { 'file.txt': '' },
      'channels: {path: [gone, file.txt]}\nrecipients: {a: {platforms: {lost: {rooms: 1, targets: [{x: 1}]}, system: {}}}}'.replace(
        'rooms: 1, ',
        '',
      ),
    );
    assert.match(broken[0]!.fault.en, /the folder does not exist/);
    assert.match(broken[1]!.fault.en, /the folder is a file/);
    assert.match(broken[0]!.remedy.en, /channels\.path/);
    assert.ok(isPlaceholder(channels.get('lost')!));
    assert.equal(channels.has('system'), false);
    parse();
  });
});
