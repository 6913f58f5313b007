import assert from 'node:assert/strict';
import { test } from 'node:test';
import feishu from '../../src/channels/feishu.ts';
import { measure } from '../../src/delivery/measure.ts';
import type { Message } from '../../src/model.ts';
import { NOW, attempt, createIo } from '../kit/channel-io.ts';
import { scriptedHttp } from '../kit/scripted-http.ts';

const HOOK = 'https://open.feishu.cn/open-apis/bot/v2/hook/abc';
const MESSAGE: Message = { title: 't', body: 'b', level: 'info', style: 'text', format: 'text' };

async function requestOf(config: unknown) {
  const platform = scriptedHttp({ status: 200, body: '{"code":0}' });
  const parsed = feishu.config.parse(config);
  await attempt(feishu, feishu.render(MESSAGE, parsed, NOW, 'task'), parsed, createIo(platform.http));
  return platform.requests[0]!;
}

test('a bot with a secret gets time and signature in the body, the URL stays as it was written', async () => {
  const { url, body = '' } = await requestOf({ url: HOOK, secret: 'test-secret-123' });
  assert.equal(url, HOOK);
  assert.deepEqual(JSON.parse(body), {
    timestamp: '1700000000',
    sign: 'daPkaWCRHAAXQst93vVK9sXdMJfjB35Ze8NS9EabjgM=',
    msg_type: 'text',
    content: { text: 't\nb' },
  });
});

test('an empty secret means unsigned', async () => {
  const { body = '' } = await requestOf({ url: HOOK, secret: '' });
  assert.deepEqual(JSON.parse(body), { msg_type: 'text', content: { text: 't\nb' } });
});

test('the limit leaves exactly the room that the signature takes', async () => {
  const { body = '' } = await requestOf({ url: HOOK, secret: 's' });
  const payload = feishu.render(MESSAGE, feishu.config.parse({ url: HOOK }), NOW, 'task');
  const [limit] = feishu.limits.size;
  assert.equal(Buffer.byteLength(body) - measure(payload, limit!), 20_000 - limit!.max);
});

test('only ids that cannot leave their tag are mentioned; others stay visible text', () => {
  const mentions = { all: false, mobiles: ['138<'], ids: ['ou_1', '"><at user_id="all">'] };
  const config = feishu.config.parse({ url: HOOK });
  assert.deepEqual(feishu.render({ ...MESSAGE, mentions }, config, NOW, 'task'), {
    msg_type: 'text',
    content: { text: 't\nb\n<at user_id="ou_1"></at> @138&lt; @"&gt;&lt;at user_id="all"&gt;' },
  });
});

test('the same bot is one bot, with or without a slash at the end', () => {
  const key = (url: string) => feishu.credential(feishu.config.parse({ url }));
  assert.equal(key(`${HOOK}/`), key(HOOK));
  assert.notEqual(key(`${HOOK}d`), key(HOOK));
});
