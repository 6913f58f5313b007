import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { call, type Reply } from './call.ts';
import { start } from './start.ts';

const KEY = 'h3k9x7c5v1b8n2m4q6w0e7r5ty';
const SEND = `/hooks/${KEY}`;
const id = ({ json }: Reply): string => (json as { id: string }).id;

describe('mattermost shapes', () => {
  test('text: the answer is plain, mentions are read as the server does', async (t) => {
    const { sandbox } = await start(t);
    const text = '🟠 @ann <!channel> `@not` a@b.example <!everyone> @here.';
    const reply = await call(sandbox, SEND, { text, username: 'Alerts', icon_url: 'https://x.example/i.png' });
    assert.deepEqual([reply.status, reply.text, reply.headers.get('content-type')], [200, 'ok', 'text/plain']);
    const [kept] = sandbox.messages({ platform: 'mattermost', token: KEY });
    assert.equal(kept?.text, text);
    assert.equal(kept.style, 'text');
    assert.equal(kept.level, 'warning');
    assert.deepEqual(kept.mentions, ['ann', 'all', 'here']);
  });

  test('a card shows title, text, fields, link, colour', async (t) => {
    const { sandbox } = await start(t);
    const reply = await call(sandbox, SEND, {
      channel: 'town-square',
      text: '@channel please look',
      attachments: [
        {
          fallback: '[CRITICAL] Disk almost full',
          color: '#D92D20',
          pretext: 'New alert',
          title: 'Disk almost full',
          title_link: 'https://example.com/alerts/1',
          text: 'Volume `/data` on **db-1**',
          fields: [
            { short: true, title: 'Host', value: 'db-1' },
            { short: true, title: 'Usage', value: 91 },
          ],
          footer: 'our-gateway',
        },
      ],
      props: { card: '### Details' },
      priority: { priority: 'urgent', requested_ack: false },
    });
    assert.equal(reply.text, 'ok');
    const [kept] = sandbox.messages();
    assert.equal(kept?.style, 'card');
    assert.equal(kept.title, 'Disk almost full');
    assert.equal(
      kept.text,
      '@channel please look\n\nNew alert\n\nVolume `/data` on **db-1**\n\nour-gateway\n\n### Details',
    );
    assert.deepEqual([kept.level, kept.colour], ['error', '#d92d20']);
    assert.deepEqual(kept.fields, [
      { name: 'Host', value: 'db-1' },
      { name: 'Usage', value: '91' },
    ]);
    assert.deepEqual(kept.links, [{ text: 'Disk almost full', url: 'https://example.com/alerts/1' }]);
    assert.deepEqual(kept.mentions, ['all']);
  });

  test('the server takes a text of any length and splits it itself', async (t) => {
    const { sandbox } = await start(t);
    assert.equal((await call(sandbox, SEND, { text: '警'.repeat(40_000) })).text, 'ok');
  });

  const bad: Record<string, [body: unknown, status: number, id: string]> = {
    'no JSON': ['{"text"', 400, 'web.incoming_webhook.parse.app_error'],
    'text that is no string': [{ text: 7 }, 400, 'web.incoming_webhook.parse.app_error'],
    'fields that are no list': [{ attachments: [{ fields: {} }] }, 400, 'web.incoming_webhook.parse.app_error'],
    'an unknown priority': [{ text: 'x', priority: { priority: 'high' } }, 400, 'web.incoming_webhook.parse.app_error'],
    'no text': [{ attachments: null }, 400, 'web.incoming_webhook.text.app_error'],
    'a type without custom_': [{ text: 'x', type: 'system' }, 400, 'api.context.invalid_body_param.app_error'],
    'too large': [{ text: 'x'.repeat(300_000) }, 413, 'api.context.request_body_too_large.app_error'],
  };
  for (const [name, [body, status, expected]] of Object.entries(bad)) {
    test(`${name}: ${expected}`, async (t) => {
      const { sandbox } = await start(t);
      const reply = await call(sandbox, SEND, body);
      assert.equal(id(reply), expected);
      assert.equal(reply.status, status);
      assert.equal((reply.json as { status_code: number }).status_code, status);
      assert.equal(sandbox.messages().length, 0);
    });
  }
});

describe('mattermost transport', () => {
  test('key, method, and the two ways to send JSON', async (t) => {
    const { sandbox } = await start(t);
    assert.equal((await call(sandbox, '/hooks/xxx-generatedkey-xxx', { text: 'x' })).status, 404);
    assert.equal((await call(sandbox, SEND, undefined, { method: 'GET' })).status, 405);
    const plain = { headers: { 'content-type': 'text/plain' } };
    assert.equal((await call(sandbox, SEND, { text: 'x' }, plain)).status, 200);
    const form = { headers: { 'content-type': 'application/x-www-form-urlencoded' } };
    const body = new URLSearchParams({ payload: '{"text":"警 & x"}' }).toString();
    assert.equal((await call(sandbox, SEND, body, form)).status, 200);
    assert.equal(sandbox.messages()[0]?.text, '警 & x');
    assert.equal(id(await call(sandbox, SEND, { text: 'x' }, form)), 'web.incoming_webhook.parse.app_error');
  });

  test('no limit as delivered; injected codes by id or status', async (t) => {
    const { sandbox } = await start(t);
    for (let i = 0; i < 120; i += 1) assert.equal((await call(sandbox, SEND, { text: 'x' })).status, 200);
    const struck = async (code: string): Promise<Reply> => {
      sandbox.fault({ platform: 'mattermost', fault: `code:${code}` });
      return await call(sandbox, SEND, { text: 'x' });
    };
    const limited = await struck('429');
    assert.deepEqual([limited.status, limited.text], [429, 'limit exceeded']);
    assert.equal(limited.headers.get('x-ratelimit-reset'), '1');
    assert.equal(limited.headers.get('retry-after'), null);
    assert.equal(id(await struck('web.incoming_webhook.invalid.app_error')), 'web.incoming_webhook.invalid.app_error');
    assert.equal(id(await struck('403')), 'web.incoming_webhook.channel_locked.app_error');
    assert.equal((await struck('501')).status, 501);
    assert.throws(() => sandbox.fault({ platform: 'mattermost', fault: 'code:19021' }));
  });
});
