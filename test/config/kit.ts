import { z } from 'zod';
import { defineChannel } from '../../src/channel/channel.ts';
import type { Channel } from '../../src/channel/channel.ts';
import { parseConfig } from '../../src/config.ts';
import type { Config, ConfigOptions } from '../../src/config.ts';
import { ConfigError } from '../../src/config/fault.ts';

const bot = z.strictObject({
  url: z.url({ protocol: /^https?$/ }).meta({ secret: true }),
  secret: z.string().meta({ secret: true }).default(''),
});

const mail = z
  .strictObject({
    email: z.email(),
    smtp_host: z.string().min(1),
    smtp_port: z.int().min(1).max(65_535).default(25),
    username: z.string().default(''),
    password: z.string().meta({ secret: true }).default(''),
    from: z.email(),
    tls: z.enum(['auto', 'implicit', 'starttls', 'none']).default('auto'),
  })
  .refine((config) => config.username === '' || config.password !== '', {
    path: ['password'],
    error: 'a username needs a password',
  });

/** Two shapes of one configuration: an incoming webhook, or an app with its secret. */
const either = z.union([
  z.strictObject({ url: z.url().meta({ secret: true }) }),
  z.strictObject({ app_id: z.string(), app_secret: z.string().meta({ secret: true }), port: z.number().optional() }),
]);

function fake<S extends z.ZodType>(
  name: string,
  config: S,
  credential: (config: z.output<S>) => string,
  list?: string,
): [string, Channel] {
  const channel = defineChannel({
    name,
    label: { en: name, zh: name },
    docs: 'https://example.com',
    config,
    ...(list === undefined ? {} : { list }),
    capabilities: { formats: ['text'], card: false, mentions: false, idempotent: false },
    limits: { size: [], title: { max: 100, unit: 'chars' }, rate: 'off', throttle: { base: 1, max: 2 } },
    credential,
    render: () => ({}),
    send: () => Promise.resolve({ ok: true }),
  });
  return [name, channel];
}

/** Channels with the seed's names, and one whose configuration is a union. */
export const channels: ReadonlyMap<string, Channel> = new Map([
  fake('feishu', bot, (config) => config.url, 'webhooks'),
  fake('dingtalk', bot, (config) => config.url, 'webhooks'),
  fake('wechat', bot, (config) => config.url, 'webhooks'),
  fake('email', mail, (config) => `${config.smtp_host}\n${config.email}`, 'recipients'),
  fake('app', either, (config) => ('url' in config ? config.url : config.app_id)),
]);

export function parse(text: string, options: Partial<ConfigOptions> = {}): Config {
  return parseConfig(text, { file: 'c.yaml', env: {}, channels, ...options });
}

/** The lines of the error; fails when there is none. */
export function faultsOf(text: string, options: Partial<ConfigOptions> = {}): string[] {
  try {
    parse(text, options);
  } catch (error) {
    if (error instanceof ConfigError) return error.message.split('\n');
    throw error;
  }
  throw new Error('the configuration was accepted');
}

/** One recipient `a` with these lines below `platforms:` (indented by six). */
export function withPlatforms(lines: string): string {
  return `recipients:\n  a:\n    platforms:\n${lines.replaceAll(/^/gm, '      ')}\n`;
}
