import assert from 'node:assert/strict';
import { test } from 'node:test';
import serverchan from '../../src/channels/serverchan.ts';
import type { Message } from '../../src/model.ts';
import { NOW, attempt, createIo } from '../kit/channel-io.ts';
import { KINDS, sandboxed } from '../kit/sandboxed.ts';
import { scriptedHttp } from '../kit/scripted-http.ts';

const TURBO = 'SCT123456TabcdefghijKLMNOP';
const THIRD = 'sctp1234tABCDEFGHIJKLMNOPQRSTUV';
const MESSAGE: Message = { title: 't', body: 'b', level: 'info', style: 'text', format: 'text' };

async function sent(config: object) {
  const parsed = serverchan.config.parse(config);
  const platform = scriptedHttp({ status: 200, body: '{"code":0}' });
  const payload = serverchan.render(MESSAGE, parsed, NOW, 'task');
  assert.ok((await attempt(serverchan, payload, parsed, createIo(platform.http))).ok);
  return { url: platform.requests[0]?.url, ...Object(payload) };
}

test('either key goes to its own service, the third one’s at a host of its user', async () => {
  assert.equal((await sent({ send_key: TURBO })).url, `https://sctapi.ftqq.com/${TURBO}.send`);
  assert.equal((await sent({ send_key: THIRD })).url, `https://1234.push.ft07.com/send/${THIRD}.send`);
  const base_url = 'http://127.0.0.1:9/sc/';
  assert.equal((await sent({ send_key: TURBO, base_url })).url, `http://127.0.0.1:9/sc/${TURBO}.send`);
  assert.equal((await sent({ send_key: THIRD, base_url })).url, `http://127.0.0.1:9/sc/send/${THIRD}.send`);
});

test('what one service alone knows is sent to it alone', async () => {
  const turbo = await sent({ send_key: TURBO, channel: [9, '66'], openid: 'a,b' });
  assert.deepEqual([turbo.channel, turbo.openid, turbo.noip, turbo.tags], ['9|66', 'a,b', 1, undefined]);
  const third = await sent({ send_key: THIRD, tags: ['ops', 'db'] });
  assert.deepEqual([third.tags, third.noip], ['ops|db', undefined]);
});

test('title and summary keep their lengths, and the whole title stands in the text', () => {
  const config = serverchan.config.parse({ send_key: TURBO });
  const title = '🔥'.repeat(40);
  const made = Object(serverchan.render({ ...MESSAGE, title, body: '👨‍👩‍👧‍👦'.repeat(50) }, config, NOW, 'task'));
  assert.ok(made.title.length <= 32 && made.title.isWellFormed() && made.title.endsWith('…'));
  assert.ok(made.short.length <= 64 && made.short.isWellFormed());
  assert.ok(made.desp.startsWith(`### ${title}\n\n`));
});

test('the stand-ins take every kind of message', async (t) => {
  for (const send_key of [TURBO, THIRD]) {
    const { sandbox, send } = await sandboxed(t, serverchan, { token: send_key });
    for (const message of KINDS)
      for (const outcome of await send(message, { send_key }))
        assert.deepEqual(outcome, { ok: true }, JSON.stringify(sandbox.refusals()[0]));
  }
});
