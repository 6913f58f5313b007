import assert from 'node:assert/strict';
import { z } from 'zod';
import { type Channel, type Limits, defineChannel } from '../../src/channel/channel.ts';
import { mentionWords } from '../../src/channel/text/written-mentions.ts';

/** A channel that folds everything into one text, and keeps what it was asked to render. */
export function stubChannel(limits: Partial<Limits>, capabilities: { mentions?: boolean } = {}) {
  const bodies: number[] = [];
  const ids: string[] = [];
  const channel: Channel = defineChannel({
    name: 'stub',
    label: { en: 'Stub', zh: '桩' },
    docs: 'https://stub.example',
    config: z.object({}),
    capabilities: { formats: ['text', 'markdown'], card: true, mentions: true, idempotent: false, ...capabilities },
    limits: {
      size: [{ of: 'text', max: 2000, unit: 'chars' }],
      title: { max: 100, unit: 'chars' },
      rate: 'off',
      throttle: { base: 1, max: 60 },
      ...limits,
    },
    credential: () => 'stub',
    render({ title, body, fields = [], url, mentions }, _config, _now, id) {
      bodies.push(body.length);
      ids.push(id);
      const rows = fields.map(({ name, value }) => `${name}：${value}`);
      const lines = [title, body, ...rows, url ?? '', mentions ? mentionWords(mentions) : ''];
      return { text: lines.filter((line) => line !== '').join('\n') };
    },
    send: () => Promise.resolve({ ok: true }),
  });
  /** The length of each body rendered, and the id it was rendered with. */
  return { channel, bodies, ids };
}

/** The text in a stub's payload. */
export function textIn(payload: unknown): string {
  const text: unknown = Reflect.get(Object(payload), 'text');
  assert.ok(typeof text === 'string');
  return text;
}
