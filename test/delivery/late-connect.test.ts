import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { type Channel, defineChannel } from '../../src/channel/channel.ts';
import { createDelivery } from '../../src/delivery/deliver.ts';
import type { Http } from '../../src/delivery/http-client.ts';
import { createEmitter } from '../../src/events.ts';
import type { Target, Task } from '../../src/model.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import { createTestClock } from '../kit/clock.ts';

test('a connection that takes longer than queue.timeout: the message is sent once', async () => {
  const clock = createTestClock();
  const store = createMemoryStore(clock, () => ({
    task: { max_age: 3600, store_limit: 1000 },
    idempotency: { max_age: 3600, max_keys: 10 },
    system: { store_limit: 10 },
  }));
  const left: number[] = [];
  let requests = 0;
  // As undici does it: a request whose signal was aborted before the connection stands is never written.
  const http: Http = {
    request: (_request, signal, onSent) =>
      new Promise((resolve) => {
        clock.after(++requests === 1 ? 12_000 : 0, () => {
          if (signal.aborted) return;
          onSent();
          left.push(clock.monotonic());
          resolve({ status: 200, headers: {}, body: '' });
        });
      }),
    close: async () => {},
  };
  const channel: Channel = defineChannel({
    name: 'bot',
    label: { en: 'bot', zh: 'bot' },
    docs: 'https://example.com',
    config: z.object({}),
    capabilities: { formats: ['text'], card: false, mentions: false, idempotent: false },
    limits: { size: [], title: { max: 100, unit: 'chars' }, rate: 'off', throttle: { base: 1, max: 60 } },
    credential: () => 'x',
    render: (message) => message.title,
    send: async (payload, _config, io) => {
      await io.http({ method: 'POST', url: 'http://127.0.0.1', body: payload });
      return { ok: true };
    },
  });
  const target: Target = { alias: 'a', platform: 'bot', name: 'b', enabled: true, config: {}, lane: 'l' };
  const desk = createDelivery({
    clock,
    events: createEmitter(),
    store,
    http,
    channels: new Map([['bot', channel]]),
    settings: () => ({
      queue: { timeout: 10, worker_count: 5, max_concurrent_per_platform: 5, failover_patience: 3 },
      retry: { attempts: 3, base_delay: 1, max_delay: 30 },
      digest: { enabled: true, threshold: 5, max_items: 20 },
      fit: { max_parts: 20 },
      security: { allow_networks: [] },
      delivery: { on_unknown: 'resend' as const },
    }),
    recipients: () => [],
    target: () => target,
    redact: (text) => text,
    system: async () => ({ ok: true }),
    chance: () => 0.5,
  });
  const send = { op: 'send', leaf: 0, platform: 'bot', target: 'b' } as const;
  const task: Task = {
    id: 't',
    alias: 'a',
    recipient: 'a',
    strategy: 'failover',
    message: { title: 't', body: 'm', level: 'info', style: 'text', format: 'text' },
    priority: 2,
    plan: send,
    copies: [],
    line: 'ops',
    created_at: clock.now(),
    deadline: clock.now() + 900_000,
    updated_at: 0,
    status: 'processing',
    results: [undefined],
  };
  const leg = desk.deliver(task, send, { stay: 'deadline' }, { isOver: () => false, arrivedLate() {} });
  await clock.advance(60_000);
  assert.equal(await new Promise((resolve) => leg.onEnd(resolve)), 'reached');
  assert.equal(left.length, 1, `requests left at ${left.join()} ms`);
});
