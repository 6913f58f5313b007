import assert from 'node:assert/strict';
import { test } from 'node:test';
import apprise from '../../src/channels/apprise.ts';
import { fit } from '../../src/delivery/fit.ts';
import { createHttp } from '../../src/delivery/http-client.ts';
import type { Message } from '../../src/model.ts';
import { NOW, attempt, createIo } from '../kit/channel-io.ts';
import { FORMATS, STYLES, hostileMessage } from '../kit/hostile.ts';
import { KINDS } from '../kit/sandboxed.ts';
import { scriptedHttp } from '../kit/scripted-http.ts';
import { start } from '../sandbox/start.ts';

const SERVER = 'http://127.0.0.1:9/base/';
const MESSAGE: Message = { title: 't', body: 'b', level: 'info', style: 'text', format: 'text' };

async function sent(config: object) {
  const platform = scriptedHttp({ status: 200, body: '{"error":null}' });
  const parsed = apprise.config.parse({ url: SERVER, ...config });
  const payload = apprise.render(MESSAGE, parsed, NOW, 'task');
  assert.ok(!JSON.stringify(payload).includes('secret'));
  assert.ok((await attempt(apprise, payload, parsed, createIo(platform.http))).ok);
  const { url, headers = {}, body = '' } = platform.requests[0]!;
  return { url, headers, json: Object(JSON.parse(body)) };
}

test('a stored configuration is asked for by its key, services of one’s own are sent along', async () => {
  const stored = await sent({ key: 'secret-key', tag: 'ops' });
  assert.deepEqual([stored.url, stored.json.tag, stored.json.urls], [`${SERVER}notify/secret-key`, 'ops', undefined]);
  const stateless = await sent({ urls: ['tgram://secret/1', 'json://h/?a=1,2'] });
  assert.deepEqual([stateless.url, stateless.json.urls], [`${SERVER}notify`, 'tgram://secret/1, json://h/?a=1,2']);
  assert.equal(stateless.headers['accept'], 'application/json');
  assert.ok(!apprise.config.safeParse({ url: SERVER }).success);
});

test('the format of the text can be chosen, and hostile text opens no tag in it', () => {
  const body = (format: string, message: Message) =>
    Object(apprise.render(message, apprise.config.parse({ url: SERVER, key: 'k', format }), NOW, 'task'))
      .body as string;
  const full: Message = {
    ...MESSAGE,
    body: 'a < b\nc',
    fields: [{ name: 'n', value: '"v"' }],
    url: 'https://x.example/?a=1&b',
  };
  assert.equal(body('text', full), 'a < b\nc\nn："v"\n详情：https://x.example/?a=1&b');
  assert.equal(
    body('html', full),
    'a &lt; b<br>c<br><b>n</b>：&quot;v&quot;<br><a href="https://x.example/?a=1&amp;b">查看详情</a>',
  );
  assert.equal(body('html', { ...MESSAGE, title: '<t>', body: '' }), '&lt;t&gt;');
  for (const style of STYLES)
    for (const format of FORMATS)
      assert.doesNotMatch(
        body('html', hostileMessage(style, format)),
        /<(?!\/?(?:b|br|a|div|ul|li|code|i)\b)[a-z/!@]|href="(?!https?:)/i,
      );
});

test('the stand-in takes every kind of message, by key and by URLs', async (t) => {
  const { sandbox } = await start(t, { bots: [{ platform: 'apprise', token: 'ops', unlimited: true }] });
  const http = createHttp();
  t.after(async () => await http.close());
  const io = createIo((request, signal) => http.request(request, signal, () => {}));
  for (const way of [{ key: 'ops' }, { urls: 'json://127.0.0.1/x' }, { key: 'ops', format: 'html' }]) {
    const config = apprise.config.parse({ url: `${sandbox.url}/apprise`, ...way });
    for (const message of KINDS) {
      for (const { payload } of fit(apprise, message, config, { now: NOW, maxParts: 5, id: 'task' }))
        assert.deepEqual(
          await attempt(apprise, payload, config, io),
          { ok: true },
          JSON.stringify(sandbox.refusals()[0]),
        );
    }
  }
});
