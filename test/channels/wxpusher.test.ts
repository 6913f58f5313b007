import assert from 'node:assert/strict';
import { test } from 'node:test';
import wxpusher from '../../src/channels/wxpusher.ts';
import type { Message } from '../../src/model.ts';
import { NOW, attempt, createIo } from '../kit/channel-io.ts';
import { KINDS, sandboxed } from '../kit/sandboxed.ts';
import { scriptedHttp } from '../kit/scripted-http.ts';

const TOKEN = 'AT_demo0123456789abcdefghijklmnop';
const MESSAGE: Message = { title: 't', body: 'b', level: 'info', style: 'text', format: 'text' };

test('users are named by text, topics by number, and one of either is enough', async () => {
  const platform = scriptedHttp({ status: 200, body: '{"code":1000}' });
  const config = wxpusher.config.parse({ app_token: TOKEN, topic_ids: '7', base_url: 'http://127.0.0.1:9/w/' });
  const payload = wxpusher.render(MESSAGE, config, NOW, 'task');
  assert.ok((await attempt(wxpusher, payload, config, createIo(platform.http))).ok);
  assert.equal(platform.requests[0]?.url, 'http://127.0.0.1:9/w/api/send/message');
  assert.deepEqual(JSON.parse(platform.requests[0]?.body ?? ''), {
    appToken: TOKEN,
    content: 't\nb',
    summary: 't',
    contentType: 1,
    topicIds: [7],
  });
  assert.ok(wxpusher.config.safeParse({ app_token: TOKEN, uids: 'UID_1' }).success);
  assert.ok(!wxpusher.config.safeParse({ app_token: TOKEN }).success);
});

test('a link that is too long goes into the text', () => {
  const config = wxpusher.config.parse({ app_token: TOKEN, uids: 'UID_1' });
  const url = `https://x.example/${'a'.repeat(400)}`;
  const made = Object(wxpusher.render({ ...MESSAGE, url }, config, NOW, 'task'));
  assert.deepEqual([made.url, made.content], [undefined, `t\nb\n详情：${url}`]);
});

test('all targets of one application share a limit', () => {
  const parsed = (uids: string) => wxpusher.config.parse({ app_token: TOKEN, uids });
  assert.equal(wxpusher.account?.key(parsed('UID_1')), wxpusher.account?.key(parsed('UID_2')));
  assert.notEqual(wxpusher.credential(parsed('UID_1')), wxpusher.credential(parsed('UID_2')));
  assert.ok((wxpusher.account?.rate.per_second ?? Infinity) < 2);
});

test('the stand-in takes every kind of message', async (t) => {
  const { sandbox, send } = await sandboxed(t, wxpusher, { token: TOKEN });
  for (const message of KINDS)
    for (const outcome of await send(message, { app_token: TOKEN, uids: ['UID_abcdef0123456789'], topic_ids: [123] }))
      assert.deepEqual(outcome, { ok: true }, JSON.stringify(sandbox.refusals()[0]));
});
