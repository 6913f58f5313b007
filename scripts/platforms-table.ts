import { z } from 'zod';
import type { Channel, SizeLimit, SizeUnit } from '../src/channel/channel.ts';
import type { RateLimit } from '../src/model.ts';

export type Language = 'en' | 'zh';

interface Words {
  readonly head: readonly string[];
  readonly yes: string;
  readonly no: string;
  /** Mentions that the platform cannot express. */
  readonly written: string;
  readonly off: string;
  /** The whole of a request. */
  readonly body: string;
  readonly unit: Readonly<Record<SizeUnit, string>>;
  readonly colon: string;
  readonly single: string;
  readonly rate: (count: number, span: Span) => string;
  readonly account: (rate: string) => string;
}

const SPANS = ['second', 'minute', 'hour', 'day'] as const;
type Span = (typeof SPANS)[number];

/** The table of what can be pushed to, in Markdown. */
export function platformsTable(channels: readonly Channel[], language: Language): string {
  const words = WORDS[language];
  const rows = channels.map((channel) => rowOf(channel, language, words));
  const lines = [words.head, words.head.map(() => '---'), ...rows];
  return lines.map((cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`).join('\n');
}

const WORDS: Readonly<Record<Language, Words>> = {
  en: {
    head: ['Platform', '`platform`', 'Text', 'Card', 'Mentions', 'Safe repeat', 'Limit', 'Needs'],
    yes: 'yes',
    no: '–',
    written: 'as text',
    off: 'none',
    body: 'whole request',
    unit: { bytes: 'bytes', go_bytes: 'bytes', chars: 'characters', code_points: 'code points' },
    colon: ': ',
    single: 'never in parts',
    rate: (count, span) => `${count.toLocaleString('en-US')} ${span === 'hour' ? 'an' : 'a'} ${span}`,
    account: (rate) => `account: ${rate}`,
  },
  zh: {
    head: ['平台', '`platform`', '文本', '卡片', '提醒', '可安全重发', '限速', '配置项'],
    yes: '支持',
    no: '–',
    written: '写入正文',
    off: '无',
    body: '整个请求',
    unit: { bytes: '字节', go_bytes: '字节', chars: '字符', code_points: '码位' },
    colon: '：',
    single: '不分段',
    rate: (count, span) => `每${SPANS_ZH[span]} ${count.toLocaleString('en-US')} 条`,
    account: (rate) => `账号${rate}`,
  },
};

const SPANS_ZH: Readonly<Record<Span, string>> = { second: '秒', minute: '分钟', hour: '小时', day: '天' };

function rowOf(channel: Channel, language: Language, words: Words): string[] {
  const { name, label, docs, config, capabilities, limits, account } = channel;
  const yesNo = (has: boolean) => (has ? words.yes : words.no);
  return [
    `[${label[language]}](${docs})`,
    `\`${name}\``,
    [...limits.size.map((limit) => sizeOf(limit, words)), ...(limits.parts === 1 ? [words.single] : [])].join('<br>'),
    yesNo(capabilities.card),
    capabilities.mentions ? words.yes : words.written,
    yesNo(capabilities.idempotent),
    [...rateOf(limits.rate, words), ...(account ? rateOf(account.rate, words).map(words.account) : [])].join('<br>'),
    keysOf(config),
  ];
}

/** Required keys first, then, with a question mark, those that may be left out. */
function keysOf(config: z.ZodType): string {
  const { properties = {}, required = [] } = z.toJSONSchema(config, { io: 'input', unrepresentable: 'any' });
  const optional = Object.keys(properties).filter((key) => !required.includes(key));
  return [...required.map((key) => `\`${key}\``), ...optional.map((key) => `\`${key}\`?`)].join(' ');
}

function sizeOf({ of, max, unit }: SizeLimit, words: Words): string {
  const what = of === 'body' ? words.body : `\`${of}\``;
  return `${what}${words.colon}${max.toLocaleString('en-US')} ${words.unit[unit]}`;
}

function rateOf(rate: RateLimit, { rate: say, off }: Words): string[] {
  if (rate === 'off') return [off];
  return SPANS.flatMap((span) => {
    const count = rate[`per_${span}`];
    return count === undefined ? [] : [say(count, span)];
  });
}
