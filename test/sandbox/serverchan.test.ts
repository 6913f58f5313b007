import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { start } from './start.ts';

const TURBO = '/serverchan/SCT123Tabc.send';
const SC3 = '/serverchan/send/sctp1234tabc.send';
const TEXT = { title: 'Disk almost full', desp: '**91 %**' };
const code = ({ json }: { json: unknown }): number => (json as { code: number }).code;

describe('serverchan', () => {
  test('Turbo: everything that is shown', async (t) => {
    const { post, sandbox } = await start(t);
    const { status, json } = await post(TURBO, { ...TEXT, short: 'db-1 at 91 %', noip: 1, channel: '9|66' });
    assert.equal(status, 200);
    assert.equal(code({ json }), 0);
    const { data } = json as { data: Record<string, unknown> };
    assert.deepEqual([data['error'], data['errno'], typeof data['pushid']], ['SUCCESS', 0, 'string']);
    const [shown] = sandbox.messages({ platform: 'serverchan', token: 'SCT123Tabc' });
    assert.deepEqual([shown?.title, shown?.text, shown?.format], ['Disk almost full', '**91 %**', 'markdown']);
    assert.deepEqual(shown?.fields, [{ name: '摘要', value: 'db-1 at 91 %' }]);
  });

  test('ServerChan³: tags, and an answer with meta', async (t) => {
    const { post, sandbox } = await start(t);
    const { json } = await post(SC3, { ...TEXT, title: '🔴 Disk', tags: 'ops|db' });
    const { data } = json as { data: Record<string, unknown> };
    assert.ok('pushid' in data && 'meta' in data);
    const [shown] = sandbox.messages({ token: 'sctp1234tabc' });
    assert.equal(shown?.level, 'error');
    assert.deepEqual(shown.fields, [{ name: '标签', value: 'ops，db' }]);
  });

  test('form and GET', async (t) => {
    const { sandbox } = await start(t);
    const form = await fetch(sandbox.url + TURBO, { method: 'POST', body: new URLSearchParams(TEXT) });
    assert.equal(form.status, 200);
    assert.equal((await fetch(`${sandbox.url}${TURBO}?title=T`)).status, 200);
    assert.equal(sandbox.messages().length, 2);
  });

  const bad: Record<string, [path: string, body: unknown, words: RegExp]> = {
    'a key that is none': ['/serverchan/abc.send', TEXT, /^\[AUTH\]错误的Key$/],
    'a ServerChan³ key at Turbo': ['/serverchan/sctp1234tabc.send', TEXT, /^\[AUTH\]错误的Key$/],
    'a Turbo key at ServerChan³': ['/serverchan/send/SCT123Tabc.send', TEXT, /^\[AUTH\]错误的Key$/],
    'no JSON': [TURBO, '{', /^\[INPUT\]请求格式错误$/],
    'no title': [TURBO, { desp: 'x' }, /^\[INPUT\]title/],
    'an empty title': [TURBO, { title: '' }, /^\[INPUT\]title 不能为空$/],
    'a title of 33': [TURBO, { title: '告'.repeat(33) }, /^\[INPUT\]title 不能超过32个字符$/],
    'a title of two lines': [TURBO, { title: 'a\nb' }, /^\[INPUT\]title 不能换行$/],
    'a short of 65': [TURBO, { ...TEXT, short: 'a'.repeat(65) }, /^\[INPUT\]short/],
    'more than 32,000 bytes': [TURBO, { ...TEXT, desp: '告'.repeat(10_667) }, /^\[INPUT\]desp 不能超过32KB$/],
    'three channels': [TURBO, { ...TEXT, channel: '9|66|1' }, /^\[INPUT\]channel 最多两个通道$/],
    'an unknown channel': [TURBO, { ...TEXT, channel: 5 }, /^\[INPUT\]channel/],
  };
  for (const [name, [path, body, words]] of Object.entries(bad)) {
    test(name, async (t) => {
      const { post, sandbox } = await start(t);
      const reply = await post(path, body);
      assert.equal(reply.status, 400);
      assert.equal(code(reply), 40_001);
      assert.match((reply.json as { message: string }).message, words);
      assert.equal(sandbox.messages().length, 0);
    });
  }

  test('five a day, until midnight in China; the code is that of a wrong key, the words are not', async (t) => {
    const { post, clock } = await start(t);
    for (let i = 0; i < 5; i += 1) assert.equal(code(await post(TURBO, TEXT)), 0);
    const { status, json } = await post(TURBO, TEXT);
    assert.equal(status, 400);
    assert.deepEqual(json, {
      message: '[AUTH]超过当天的发送次数限制[5]，请稍后再试',
      code: 40_001,
      info: '超过当天的发送次数限制[5]，请稍后再试',
      args: [null],
      scode: 471,
    });
    assert.equal(code(await post(SC3, TEXT)), 0);
    clock.advance(18 * 3_600_000);
    assert.equal(code(await post(TURBO, TEXT)), 0);
  });

  test('a bot without limit', async (t) => {
    const { post } = await start(t, { bots: [{ platform: 'serverchan', token: 'SCT123Tabc', unlimited: true }] });
    for (let i = 0; i < 8; i += 1) assert.equal(code(await post(TURBO, TEXT)), 0);
  });

  test('faults', async (t) => {
    const { post, sandbox } = await start(t);
    const expected: Record<string, [status: number, code: number, words: RegExp]> = {
      '40001': [400, 40_001, /错误的Key/],
      '461': [400, 40_001, /错误的Key/],
      '471': [400, 40_001, /超过当天/],
      '503': [503, 503, /fault/],
      '1024': [200, 1024, /fault/],
    };
    for (const [fault, [status, found, words]] of Object.entries(expected)) {
      sandbox.fault({ platform: 'serverchan', fault: `code:${fault}` });
      const reply = await post(TURBO, TEXT);
      assert.deepEqual([reply.status, code(reply)], [status, found]);
      assert.match((reply.json as { message: string }).message, words);
    }
    assert.throws(() => sandbox.fault({ platform: 'serverchan', fault: 'code:0' }));
  });
});
