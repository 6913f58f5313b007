import { z } from 'zod';
import type { Channel, Limits, SizeLimit } from '../src/channel/channel.ts';
import type { RateLimit } from '../src/model.ts';

export type Language = 'en' | 'zh';

interface Words {
  readonly head: readonly string[];
  readonly yes: string;
  readonly no: string;
  readonly off: string;
  readonly body: string;
  readonly unit: Readonly<Record<SizeLimit['unit'], string>>;
  readonly colon: string;
  readonly optional: (key: string) => string;
  readonly rate: (count: number, span: 'minute' | 'second') => string;
  readonly pause: (throttle: Limits['throttle']) => string;
}

/** The table of what can be pushed to, in Markdown. */
export function platformsTable(channels: readonly Channel[], language: Language): string {
  const words = WORDS[language];
  const rows = channels.map((channel) => rowOf(channel, language, words));
  const lines = [words.head, words.head.map(() => '---'), ...rows];
  return lines.map((cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`).join('\n');
}

const WORDS: Readonly<Record<Language, Words>> = {
  en: {
    head: [
      'Platform',
      '`platform`',
      'Keys of a target',
      'Card',
      'Mentions',
      'Longest part',
      'Default limit',
      'Pause when throttled',
    ],
    yes: 'yes',
    no: '–',
    off: 'none',
    body: 'whole request',
    unit: { bytes: 'bytes', chars: 'characters' },
    colon: ': ',
    optional: (key) => `\`${key}\`?`,
    rate: (count, span) => `${count} a ${span}`,
    pause: ({ base, max }) => (base === max ? `${base} s` : `${base} s, doubling to ${max} s`),
  },
  zh: {
    head: ['平台', '`platform`', '目标的配置项', '卡片', '提醒', '单段上限', '默认限速', '被限流后暂停'],
    yes: '支持',
    no: '–',
    off: '无',
    body: '整个请求',
    unit: { bytes: '字节', chars: '字符' },
    colon: '：',
    optional: (key) => `\`${key}\`?`,
    rate: (count, span) => `每${span === 'minute' ? '分钟' : '秒'} ${count} 条`,
    pause: ({ base, max }) => (base === max ? `${base} 秒` : `${base} 秒起，翻倍至 ${max} 秒`),
  },
};

function rowOf(
  { name, label, docs, config, capabilities, limits }: Channel,
  language: Language,
  words: Words,
): string[] {
  return [
    `[${label[language]}](${docs})`,
    `\`${name}\``,
    keysOf(config, words),
    capabilities.card ? words.yes : words.no,
    capabilities.mentions ? words.yes : words.no,
    limits.size.map((limit) => sizeOf(limit, words)).join('<br>'),
    rateOf(limits.rate, words),
    words.pause(limits.throttle),
  ];
}

/** Required keys first, as the operator writes them. */
function keysOf(config: z.ZodType, words: Words): string {
  const { properties = {}, required = [] } = z.toJSONSchema(config, { io: 'input', unrepresentable: 'any' });
  const optional = Object.keys(properties).filter((key) => !required.includes(key));
  return [...required.map((key) => `\`${key}\``), ...optional.map(words.optional)].join(' ');
}

function sizeOf({ of, max, unit }: SizeLimit, words: Words): string {
  const what = of === 'body' ? words.body : `\`${of}\``;
  return `${what}${words.colon}${max.toLocaleString('en-US')} ${words.unit[unit]}`;
}

function rateOf(rate: RateLimit, { rate: say, off }: Words): string {
  if (rate === 'off') return off;
  const { per_minute, per_second } = rate;
  const windows = [
    ...(per_minute === undefined ? [] : [say(per_minute, 'minute')]),
    ...(per_second === undefined ? [] : [say(per_second, 'second')]),
  ];
  return windows.join('<br>');
}
