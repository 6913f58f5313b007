import { z } from 'zod';
import type { BrokenChannel } from './broken-channel.ts';
import { type Channel, defineChannel } from './channel.ts';

/** Stands for a channel that could not be loaded, so that those who name it are told so and all others are served. */
export type Placeholder = Channel & { readonly broken: BrokenChannel };

export const isPlaceholder = (channel: Channel): channel is Placeholder => 'broken' in channel;

/** Takes any configuration, and fails every message as `invalid`. */
export function placeholderOf(name: string, broken: BrokenChannel): Placeholder {
  const { fault, remedy } = broken;
  const message = `自定义通道 ${broken.file.split(/[\\/]/).at(-1)} 不可用：${fault.zh}`;
  const channel = defineChannel({
    name,
    label: { en: `${name} (not loaded)`, zh: `${name}（未能加载）` },
    docs: 'https://nodejs.org/api/esm.html',
    config: z.record(z.string(), z.unknown()),
    capabilities: { formats: ['text'], card: false, mentions: false, idempotent: false },
    limits: {
      size: [{ of: 'error', max: 10_000, unit: 'chars' }],
      title: { max: 1000, unit: 'chars' },
      rate: 'off',
      throttle: { base: 1, max: 1 },
    },
    credential: (config) => JSON.stringify(config),
    // What a preview shows.
    render: () => ({ error: message }),
    send: () =>
      Promise.resolve({ ok: false, kind: 'invalid', code: 'channel', message: message.slice(0, 500), remedy } as const),
  });
  return { ...channel, broken };
}
