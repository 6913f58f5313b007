import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { createApp } from '../../src/app.ts';
import { systemClock } from '../../src/clock.ts';
import { createHttp } from '../../src/delivery/http-client.ts';
import { run, start, writeConfig } from '../cli/kit.ts';
import { channel, load, world } from '../kit/user-channels.ts';

describe('a channel of a user', () => {
  const received: string[] = [];
  const http = {
    ...createHttp(),
    request: (request: { readonly url: string; readonly body?: string }) => {
      received.push(`${request.url} ${request.body}`);
      return Promise.resolve({ status: 200, headers: {}, body: '{"errcode":0}' });
    },
  };

  test('takes a channel of a user for one of its own, and tells of a broken one in every result', async (t) => {
    const log = JSON.stringify(join(world({}), 'app.log'));
    const yaml = `server: {port: 0}\nlog: {file_path: ${log}}\nsystem: {notifications: []}\nchannels: {path: mine}\nrecipients:
  ok: {platforms: {one: {webhooks: [{url: "http://pager.example/key-of-mine"}]}}}
  ill: {platforms: {two: {webhooks: [{url: "http://pager.example/other-key-of-mine"}]}}}`;
    const { parse, channels } = await load({ 'mine/one.mjs': channel('one'), 'mine/two.mjs': 'nonsense' }, yaml);
    const stdout = { write: () => true };
    const app = await createApp({ config: parse(), channels, clock: systemClock, http, stdout });
    t.after(() => app.stop().done);
    const { url } = await app.listen();
    const api = async (path: string, body?: unknown) => {
      const more = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) };
      const reply = await fetch(url + path, { headers: { 'content-type': 'application/json' }, ...more });
      return reply.text();
    };
    const push = async (alias: string) => {
      const message = { recipient_alias: alias, content: { title: 'T', msg: 'M' } };
      const { data } = JSON.parse(await api('/api/v1/push', message)) as { data: { task_id: string } };
      const answer = await api(`/api/v1/task/${data.task_id}?wait=20`);
      return (JSON.parse(answer) as { data: { results: Record<string, unknown>[] } }).data.results[0]!;
    };

    assert.equal((await push('ok'))['status'], 'success');
    assert.deepEqual(received, ['http://pager.example/key-of-mine {"text":"T\\nM"}']);
    const failed = await push('ill');
    assert.equal(failed['reason'], 'invalid');
    assert.match(String(failed['message']), /two\.mjs.*ReferenceError/);
    assert.match(String(failed['remedy']), /修正该文件/);
    assert.match(await api('/api/v1/platforms'), /"name":"one".*"name":"two"/s);
    assert.match(await api('/metrics'), /attempts_total\{platform="one",reason="ok"\} 1/);
    assert.match(await api('/metrics'), /attempts_total\{platform="two",reason="invalid"\} 1/);
    const preview = { recipient_alias: 'ok', content: { title: 'T', msg: 'M' } };
    assert.match(await api('/api/v1/push/preview', preview), /"text":"T\\nM"/);
    assert.match(await api('/api/v1/push/preview', { ...preview, recipient_alias: 'ill' }), /two\.mjs/);
  });

  test('every command knows them, and says what is broken', async () => {
    const folder = world({ 'mine/one.mjs': channel('one'), 'mine/two.mjs': 'nonsense' });
    const config = writeConfig(
      folder,
      `server: {port: 0}\nlog: {file_path: ${JSON.stringify(join(folder, 'app.log'))}}\nchannels: {path: mine}
recipients: {a: {platforms: {one: {webhooks: [{url: "http://127.0.0.1:1/"}]}, two: {webhooks: [{}]}}}}`,
    );
    const told = /two\.mjs: not loaded: ReferenceError: nonsense is not defined \(line 1\)\n +correct the file/;
    const checked = await run(['check', '-c', config]);
    assert.match(checked.out, /own channels +one\n/);
    assert.match(checked.out, told);
    const tested = await run(['test', '--platform', 'two', '-c', config], { cwd: folder });
    assert.match(tested.out, /^a +two +two#1 +failed .*two\.mjs/m);
    assert.match(tested.out, told);
    const served = start(['serve', '-c', config], { cwd: folder });
    await served.until(/listens on/);
    assert.match(served.out(), told);
    served.process.kill('SIGTERM');
    assert.equal(await served.ended, 0);
    assert.match(
      readFileSync(join(folder, 'app.log'), 'utf8'),
      /"level":"error","event":"channel_broken","platform":"two"/,
    );
  });
});
