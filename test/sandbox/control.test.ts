import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { once } from 'node:events';
import { describe, test } from 'node:test';
import { start, START, until } from './start.ts';

const LIMIT = { timeout: 20_000 };
const HOOK = '/open-apis/bot/v2/hook/bot-1';
const TEXT = { msg_type: 'text', content: { text: 'hello' } };
const FAULTS = '/_sandbox/faults';

describe('faults', () => {
  test('code: the shape of each platform, as many times as told', LIMIT, async (t) => {
    const { post, sandbox } = await start(t);
    await post(FAULTS, { platform: 'feishu', fault: 'code:19021', times: 2 });
    assert.deepEqual(await post(HOOK, TEXT), { status: 200, json: { code: 19021, data: {}, msg: 'sandbox fault' } });
    assert.equal(((await post(HOOK, TEXT)).json as { code: number }).code, 19021);
    assert.equal(((await post(HOOK, TEXT)).json as { code: number }).code, 0);
    const other = { errcode: -1, errmsg: 'sandbox fault' };
    for (const [platform, path] of [
      ['dingtalk', '/robot/send?access_token=b'],
      ['wechat', '/cgi-bin/webhook/send?key=b'],
    ] as const) {
      sandbox.fault({ platform, fault: 'code:-1' });
      assert.deepEqual((await post(path, {})).json, other);
    }
    assert.equal(sandbox.messages().length, 1);
    assert.equal(sandbox.requests(), 5);
    assert.equal(sandbox.requests({ platform: 'feishu', token: 'bot-1' }), 3);
  });

  test('http and html: not the platform’s own answer', LIMIT, async (t) => {
    const { sandbox } = await start(t);
    sandbox.fault({ platform: 'feishu', fault: 'http:503' });
    sandbox.fault({ platform: 'feishu', fault: 'html' });
    const send = async () => await fetch(sandbox.url + HOOK, { method: 'POST', body: '{}' });
    assert.equal((await send()).status, 503);
    const page = await send();
    assert.equal(page.status, 200);
    assert.match(page.headers.get('content-type') ?? '', /text\/html/);
    assert.match(await page.text(), /^<!doctype html>/);
  });

  test('timeout: held until the client goes away, or the sandbox closes', LIMIT, async (t) => {
    const { sandbox } = await start(t);
    sandbox.fault({ platform: 'feishu', fault: 'timeout', times: 2 });
    const abort = new AbortController();
    const send = async (signal?: AbortSignal) =>
      await fetch(sandbox.url + HOOK, { method: 'POST', body: '{}', ...(signal === undefined ? {} : { signal }) });
    const first = assert.rejects(send(abort.signal), { name: 'AbortError' });
    await until(() => sandbox.held() === 1);
    abort.abort();
    await first;
    await until(() => sandbox.held() === 0);
    const second = assert.rejects(send());
    await until(() => sandbox.held() === 1);
    await sandbox.close();
    await second;
    await until(() => sandbox.held() === 0);
    assert.equal(sandbox.messages().length, 0);
  });

  test('reset: the connection is reset after the request was read', LIMIT, async (t) => {
    const { sandbox } = await start(t);
    sandbox.fault({ platform: 'feishu', fault: 'reset' });
    const socket = connect(sandbox.port, '127.0.0.1');
    const failed = once(socket, 'error') as Promise<[NodeJS.ErrnoException]>;
    socket.write(`POST ${HOOK} HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n{}`);
    const [error] = await failed;
    assert.equal(error.code, 'ECONNRESET');
  });

  test('slow: the message is there at once, the answer after that time', LIMIT, async (t) => {
    const { post, sandbox, clock } = await start(t);
    sandbox.fault({ platform: 'feishu', fault: 'slow:2000' });
    let settled = false;
    const sent = post(HOOK, TEXT).finally(() => (settled = true));
    await until(() => sandbox.held() === 1);
    assert.equal(sandbox.messages().length, 1);
    clock.advance(1999);
    assert.equal(settled, false);
    clock.advance(1);
    assert.equal((await sent).status, 200);
    await until(() => sandbox.held() === 0);
  });

  test('a fault for one bot leaves the others alone', LIMIT, async (t) => {
    const { post, sandbox } = await start(t);
    sandbox.fault({ platform: 'feishu', token: 'bot-2', fault: 'code:19001' });
    const code = async (token: string) =>
      ((await post(`/open-apis/bot/v2/hook/${token}`, TEXT)).json as { code: number }).code;
    assert.equal(await code('bot-1'), 0);
    assert.equal(await code('bot-2'), 19001);
  });

  test('they can be listed and cleared', LIMIT, async (t) => {
    const { post, sandbox } = await start(t);
    await post(FAULTS, { platform: 'feishu', token: 'a', fault: 'timeout', times: 3 });
    const list = async () => await (await fetch(sandbox.url + FAULTS)).json();
    assert.deepEqual(await list(), { faults: [{ platform: 'feishu', token: 'a', fault: 'timeout', times: 3 }] });
    assert.equal((await fetch(sandbox.url + FAULTS, { method: 'DELETE' })).status, 200);
    assert.deepEqual(await list(), { faults: [] });
    sandbox.fault({ platform: 'feishu', fault: 'html' });
    sandbox.clearFaults();
    assert.equal((await post(HOOK, TEXT)).status, 200);
  });

  test('the list has an end', LIMIT, async (t) => {
    const { sandbox } = await start(t);
    for (let i = 0; i < 1000; i += 1) sandbox.fault({ platform: 'feishu', fault: 'html' });
    assert.throws(() => sandbox.fault({ platform: 'feishu', fault: 'html' }), /1000/);
  });

  test('bad orders are 400 with words', LIMIT, async (t) => {
    const { post } = await start(t);
    const cases: [body: unknown, words: RegExp][] = [
      [{}, /platform/],
      [{ platform: 'nowhere', fault: 'timeout' }, /feishu、/],
      [{ platform: 'feishu', fault: 'explode' }, /timeout、reset/],
      [{ platform: 'feishu', fault: 'http:99' }, /timeout、reset/],
      [{ platform: 'feishu', fault: 'timeout:1' }, /timeout、reset/],
      [{ platform: 'feishu', fault: 'slow:3600001' }, /timeout、reset/],
      [{ platform: 'feishu', fault: 'constructor' }, /timeout、reset/],
      [{ platform: 'feishu', fault: 'code:abc' }, /错误码/],
      [{ platform: 'email', fault: 'code:200' }, /错误码/],
      [{ platform: 'email', fault: 'http:503' }, /不支持/],
      [{ platform: 'feishu', fault: 'html', times: 0 }, /times/],
      [{ platform: 'feishu', fault: 'html', times: 1.5 }, /times/],
      [{ platform: 'feishu', fault: 'html', time: 1 }, /未知字段 time/],
      ['[]', /JSON/],
      ['{', /JSON/],
    ];
    for (const [body, words] of cases) {
      const { status, json } = await post(FAULTS, body);
      assert.equal(status, 400);
      assert.match((json as { error: string }).error, words);
    }
    const { status } = await post(FAULTS, { platform: 'feishu', fault: 'html' }, { 'content-type': 'text/plain' });
    assert.equal(status, 400);
  });
});

describe('control', () => {
  test('messages: newest first, by platform and token, with limit, one by id, cleared', LIMIT, async (t) => {
    const { post, sandbox } = await start(t);
    await post(HOOK, TEXT);
    await post('/open-apis/bot/v2/hook/bot-2', TEXT);
    await post('/robot/send?access_token=bot-1', { msgtype: 'text', text: { content: 'ding' } });
    const get = async (query: string) =>
      (await (await fetch(`${sandbox.url}/_sandbox/messages${query}`)).json()) as {
        total: number;
        messages: { id: string; platform: string; token: string; raw?: unknown; at: number }[];
      };
    const all = await get('');
    assert.deepEqual(
      all.messages.map(({ id }) => id),
      ['3', '2', '1'],
    );
    assert.deepEqual(all.messages.at(-1)?.raw, TEXT);
    assert.equal(all.messages[0]?.at, START);
    assert.equal((await get('?platform=feishu')).total, 2);
    assert.equal((await get('?platform=feishu&token=bot-2')).messages[0]?.id, '2');
    const one = await get('?limit=1&raw=false');
    assert.equal(one.total, 3);
    assert.equal(one.messages.length, 1);
    assert.equal(one.messages[0]?.raw, undefined);
    assert.equal((await fetch(`${sandbox.url}/_sandbox/messages?limit=0`)).status, 400);
    const single = await fetch(`${sandbox.url}/_sandbox/messages/1`);
    assert.deepEqual(((await single.json()) as { raw: unknown }).raw, TEXT);
    assert.equal((await fetch(`${sandbox.url}/_sandbox/messages/9`)).status, 404);
    assert.equal((await fetch(`${sandbox.url}/_sandbox/messages`, { method: 'DELETE' })).status, 200);
    assert.equal((await get('')).total, 0);
    assert.equal(sandbox.requests(), 3);
  });

  test('bots: declared over HTTP, secrets never told', LIMIT, async (t) => {
    const { post, sandbox } = await start(t);
    const bot = { platform: 'feishu', token: 'bot-1', secret: 'very-secret', name: '告警机器人' };
    assert.equal((await post('/_sandbox/bots', bot)).status, 200);
    assert.equal(((await post(HOOK, TEXT)).json as { code: number }).code, 19021);
    for (const path of ['/_sandbox/bots', '/_sandbox/info']) {
      const text = await (await fetch(sandbox.url + path)).text();
      assert.doesNotMatch(text, /very-secret/);
      assert.match(text, /"signed":true/);
    }
    assert.equal((await post('/_sandbox/bots', { ...bot, secret: '' })).status, 200);
    assert.equal(((await post(HOOK, TEXT)).json as { code: number }).code, 0);
    assert.equal((await post('/_sandbox/bots', { platform: 'feishu' })).status, 400);
    assert.equal((await post('/_sandbox/bots', { ...bot, platform: 'x' })).status, 400);
    assert.throws(() => sandbox.bot({ platform: 'x', token: 'y' }), /feishu/);
  });

  test('notices of the last line are shown as platform system', LIMIT, async (t) => {
    const { post, sandbox } = await start(t);
    const notice = { title: 'T', message: 'm', type: 'error', reason: '主动指定', task_id: 'x' };
    assert.equal((await post('/_sandbox/notify', notice)).status, 200);
    const [message] = sandbox.messages({ platform: 'system' });
    assert.equal(message?.title, 'T');
    assert.equal(message.text, 'm');
    assert.equal(message.level, 'error');
    assert.deepEqual(message.fields, [
      { name: '原因', value: '主动指定' },
      { name: '任务', value: 'x' },
    ]);
    assert.equal((await post('/_sandbox/notify', [1])).status, 200);
    assert.equal((await post('/_sandbox/notify', '{')).status, 400);
    assert.equal((await post('/_sandbox/notify', '{}', { 'content-type': 'text/plain' })).status, 415);
    assert.equal((await fetch(`${sandbox.url}/_sandbox/notify`)).status, 405);
    sandbox.fault({ platform: 'system', fault: 'http:500' });
    const struck = await fetch(`${sandbox.url}/_sandbox/notify`, { method: 'POST', body: '{}' });
    assert.equal(struck.status, 500);
  });

  test('unknown paths, wrong methods, foreign hosts, large bodies', LIMIT, async (t) => {
    const { sandbox } = await start(t);
    assert.equal((await fetch(`${sandbox.url}/nothing`)).status, 404);
    assert.equal((await fetch(`${sandbox.url}/_sandbox/messages`, { method: 'PUT' })).status, 405);
    assert.equal((await fetch(`${sandbox.url}/_sandbox/__proto__`)).status, 404);
    const large = await fetch(sandbox.url + HOOK, { method: 'POST', body: Buffer.alloc(11 * 1024 * 1024) });
    assert.equal(large.status, 413);
    const socket = connect(sandbox.port, '127.0.0.1');
    t.after(() => socket.destroy());
    socket.write('GET /_sandbox/messages HTTP/1.1\r\nhost: evil.example\r\n\r\n');
    const [chunk] = (await once(socket, 'data')) as [Buffer];
    assert.match(chunk.toString(), /^HTTP\/1\.1 403 /);
  });

  test('a client that leaves in the middle of its request harms nobody', LIMIT, async (t) => {
    const { post, sandbox } = await start(t);
    const socket = connect(sandbox.port, '127.0.0.1');
    socket.on('error', () => {});
    await once(socket, 'connect');
    socket.write(`POST ${HOOK} HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{`, () => socket.resetAndDestroy());
    await once(socket, 'close');
    assert.equal((await post(HOOK, TEXT)).status, 200);
  });
});
