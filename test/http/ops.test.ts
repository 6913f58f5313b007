import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { z } from 'zod';
import type { Channel } from '../../src/channel/channel.ts';
import type { Recipient } from '../../src/model.ts';
import { createTestClock } from '../kit/clock.ts';
import { startHttp } from './kit.ts';

describe('operations', () => {
  test('health', async (t) => {
    const { ask } = await startHttp(t, { clock: createTestClock(Date.UTC(2025, 0, 4, 1, 30, 0, 999)) });
    const { status, text } = await ask('GET', '/health');
    assert.equal(status, 200);
    assert.equal(text, '{"status":"ok","timestamp":"2025-01-04T01:30:00Z","version":"1.2.3"}');
  });

  test('ready, and not ready with its reasons', async (t) => {
    const fine = await (await startHttp(t)).ask('GET', '/ready');
    assert.equal(fine.status, 200);
    assert.equal(fine.text, '{"status":"ready","reasons":[]}');
    const full = await (await startHttp(t, { reasons: ['队列已满'] })).ask('GET', '/ready');
    assert.equal(full.status, 503);
    assert.equal(full.text, '{"status":"not_ready","reasons":["队列已满"]}');
  });

  test('metrics', async (t) => {
    const { ask } = await startHttp(t);
    const { text, headers } = await ask('GET', '/metrics');
    assert.equal(text, 'pushserver_queue_depth 0\n');
    assert.equal(headers['content-type'], 'text/plain; version=0.0.4');
  });

  test('the document is served as it is made', async (t) => {
    const { ask } = await startHttp(t);
    const { text, headers } = await ask('GET', '/openapi.json');
    assert.equal(headers['content-type'], 'application/json; charset=utf-8');
    const document = JSON.parse(text) as { openapi: string; info: { version: string } };
    assert.equal(document.openapi, '3.1.0');
    assert.equal(document.info.version, '1.2.3');
  });
});

describe('docs', () => {
  test('the page loads nothing from elsewhere and runs nothing inline', async (t) => {
    const { ask } = await startHttp(t);
    const { text, headers } = await ask('GET', '/docs');
    assert.match(headers['content-security-policy']!, /^default-src 'none'; script-src 'self'; style-src 'self'; /);
    assert.doesNotMatch(headers['content-security-policy']!, /unsafe|https?:|\*/);
    assert.doesNotMatch(text, /https?:|<script>|<style|style=|\son\w+=/);
    for (const [, file] of text.matchAll(/(?:href|src)="([^"]+)"/g)) {
      const { status, headers: of } = await ask('GET', file!);
      assert.equal(status, 200, file);
      assert.match(of['content-type']!, /^(text\/(javascript|css); charset=utf-8|image\/png)$/);
    }
  });

  for (const name of ['index.html', 'package.json', '..%2fpackage.json', '%2e%2e', 'swagger-ui.js.map', '__proto__']) {
    test(`no other file: ${name}`, async (t) => {
      const { ask } = await startHttp(t);
      assert.equal((await ask('GET', `/docs/${name}`)).status, 404);
    });
  }
});

describe('the catalogue', () => {
  const channel = {
    name: 'feishu',
    label: { en: 'Feishu', zh: '飞书' },
    docs: 'https://open.feishu.cn',
    config: z.strictObject({
      url: z.url(),
      secret: z.string().default('').meta({ secret: true }),
      at: z.preprocess((value) => value, z.date().optional()),
    }),
    capabilities: { formats: ['text'], card: true, mentions: true, idempotent: false },
    limits: {
      size: [{ of: 'body', max: 20_000, unit: 'bytes' }],
      title: { max: 200, unit: 'chars' },
      rate: { per_minute: 98 },
      throttle: { base: 1, max: 60 },
    },
    credential: () => '',
    account: { key: () => '', rate: { per_day: 200 } },
    render: () => null,
    send: async () => ({ ok: true }),
  } as unknown as Channel;

  test('platforms, with the schema of what is written down', async (t) => {
    const { ask } = await startHttp(t, { channels: new Map([['feishu', channel]]) });
    const { body } = await ask('GET', '/api/v1/platforms');
    assert.equal(body.message, '获取平台列表成功');
    const [platform] = body.data['platforms'] as Record<string, unknown>[];
    assert.equal(platform!['name'], 'feishu');
    assert.deepEqual(platform!['label'], { en: 'Feishu', zh: '飞书' });
    assert.deepEqual(platform!['limits'], { ...channel.limits, account_rate: { per_day: 200 } });
    assert.deepEqual(platform!['capabilities'], channel.capabilities);
    const config = platform!['config'] as { required: string[]; properties: Record<string, unknown> };
    assert.deepEqual(config.required, ['url']);
    assert.deepEqual(config.properties['secret'], { default: '', secret: true, type: 'string' });
  });

  test('recipients, without a secret', async (t) => {
    const target = (name: string, enabled: boolean) => ({
      alias: 'ops_alert',
      platform: 'feishu',
      name,
      enabled,
      config: { url: 'https://x/SECRET' },
      lane: 'SECRET',
    });
    const recipient: Recipient = {
      alias: 'ops_alert',
      name: '运维告警组',
      groups: [{ platform: 'feishu', enabled: true, targets: [target('a', true), target('b', false)] }],
    };
    const { ask } = await startHttp(t, { recipients: [recipient] });
    const { body, text } = await ask('GET', '/api/v1/recipients');
    assert.doesNotMatch(text, /SECRET/);
    const targets = [
      { name: 'a', enabled: true },
      { name: 'b', enabled: false },
    ];
    assert.deepEqual(body.data, {
      recipients: [
        { alias: 'ops_alert', name: '运维告警组', platforms: [{ platform: 'feishu', enabled: true, targets }] },
      ],
    });
  });
});

describe('routing', () => {
  for (const path of [
    '/',
    '/none',
    '/api/v1',
    '/api/v1/push/none',
    '/API/V1/PUSH',
    '/api/v1/task/',
    '//',
    '/..',
    '/%',
    '/%ff',
  ]) {
    test(`unknown: ${path}`, async (t) => {
      const { ask } = await startHttp(t);
      const { status, body } = await ask('GET', path);
      assert.equal(status, 404);
      assert.equal(body.message, '接口不存在');
    });
  }

  for (const [method, path, allow] of [
    ['GET', '/api/v1/push', 'POST'],
    ['PATCH', '/api/v1/push', 'POST'],
    ['OPTIONS', '/api/v1/push', 'POST'],
    ['POST', '/health', 'GET, HEAD'],
    ['POST', '/api/v1/notifications', 'DELETE, GET, HEAD'],
    ['POST', '/api/v1/notifications/x', 'DELETE, GET, HEAD'],
    ['GET', '/api/v1/notifications/x/read', 'PUT'],
    ['PROPFIND', '/ready', 'GET, HEAD'],
  ] as const) {
    test(`${method} ${path} is not allowed`, async (t) => {
      const { ask } = await startHttp(t);
      const { status, body, headers } = await ask(method, path);
      assert.equal(status, 405);
      assert.equal(headers['allow'], allow);
      assert.equal(body.message, '请求方法不允许');
      assert.equal(body.code, 405);
    });
  }
});
