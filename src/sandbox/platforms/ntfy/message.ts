import { z } from 'zod';
import { parseJson } from '../../body.ts';
import { decodeWords } from '../../mail-words.ts';
import type { Call } from '../../stand-in.ts';

/** A message in the terms of ntfy, whichever way it came; a string is an error code. */
export type NtfyMessage = z.infer<typeof MESSAGE> | string;

/** Twice the message limit "to account for JSON format overhead": server.go. */
const JSON_BYTES = 2 * 4096;
const TOPIC = /^[-\w]{1,64}$/;
const RESERVED = new Set('docs static file app metrics account settings signup login v1'.split(' '));
/** A delay is at least 10 s and at most 3 days. */
const [SHORTEST_S, LONGEST_S] = [10, 3 * 86_400];

/** Reads a message published as JSON to the root of the server. */
export function readJson({ body, now }: Pick<Call, 'body' | 'now'>): NtfyMessage {
  if (body.length > JSON_BYTES) return '41303';
  const parsed = MESSAGE.safeParse(parseJson(body));
  return parsed.success ? (faultOf(parsed.data, now) ?? parsed.data) : '40017';
}

/** Reads a message published to the address of its topic: the body is the text, headers or query hold the rest. */
export function readPlain(call: Pick<Call, 'url' | 'params' | 'headers' | 'body' | 'now'>): NtfyMessage {
  const topic = call.params['topic'] ?? '';
  if (!TOPIC.test(topic)) return '40401';
  const { searchParams: query } = call.url;
  const value = (...names: readonly string[]): string => {
    const header = names.map((name) => call.headers[name]).find((found) => typeof found === 'string' && found !== '');
    return typeof header === 'string'
      ? decodeWords(header)
      : (names.map((name) => query.get(name) ?? '').find((found) => found !== '') ?? '');
  };
  const priority = value('x-priority', 'priority', 'prio', 'p').toLowerCase();
  if (!Object.hasOwn(PRIORITIES, priority)) return '40007';
  const type = call.headers['content-type'] ?? '';
  const message: z.infer<typeof MESSAGE> = {
    topic,
    title: value('x-title', 'title', 'ti', 't'),
    message: call.body.length > 0 ? call.body.toString('utf8') : value('x-message', 'message', 'm'),
    priority: PRIORITIES[priority]!,
    tags: value('x-tags', 'tags', 'tag', 'ta')
      .split(',')
      .map((tag) => tag.trim())
      .filter((tag) => tag !== ''),
    click: value('x-click', 'click'),
    icon: value('x-icon', 'icon'),
    attach: value('x-attach', 'attach', 'a'),
    delay: value('x-delay', 'delay', 'x-at', 'at', 'x-in', 'in'),
    markdown:
      ['1', 'yes', 'true'].includes(value('x-markdown', 'markdown', 'md').toLowerCase()) ||
      type.startsWith('text/markdown'),
    actions: [],
  };
  return faultOf(message, call.now) ?? message;
}

/** '' is the default. */
const PRIORITIES: Readonly<Record<string, number>> = {
  '': 0,
  '1': 1,
  min: 1,
  '2': 2,
  low: 2,
  '3': 3,
  default: 3,
  '4': 4,
  high: 4,
  '5': 5,
  max: 5,
  urgent: 5,
};

const ACTION = z.looseObject({
  action: z.string().default(''),
  label: z.string().default(''),
  url: z.string().default(''),
});

/** Go takes a missing field, and null, for the empty value, and ignores names it does not know. */
const MESSAGE = z.object({
  topic: z.string().default(''),
  title: z.string().default(''),
  message: z.string().default(''),
  priority: z.int().default(0),
  tags: z.array(z.string()).default([]),
  click: z.string().default(''),
  icon: z.string().default(''),
  attach: z.string().default(''),
  delay: z.string().default(''),
  markdown: z.boolean().default(false),
  actions: z.array(ACTION).default([]),
});

function faultOf(message: z.infer<typeof MESSAGE>, now: number): string | undefined {
  const { topic, priority, icon, attach, delay, actions } = message;
  if (!TOPIC.test(topic)) return '40009';
  if (RESERVED.has(topic)) return '40010';
  if (priority < 0 || priority > 5) return '40007';
  if (icon !== '' && !/^https?:\/\//.test(icon)) return '40021';
  if (attach !== '' && !/^https?:\/\//.test(attach)) return '40013';
  if (actions.length > 3 || !actions.every(isAction)) return '40018';
  return delay === '' ? undefined : delayFault(delay, now);
}

function isAction({ action, label, url }: z.infer<typeof ACTION>): boolean {
  if (label === '') return false;
  return action === 'broadcast' || ((action === 'view' || action === 'http') && url !== '');
}

const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** Understands Unix seconds and durations such as `30m`; not the server's natural language ("tomorrow, 10am"). */
function delayFault(delay: string, now: number): string | undefined {
  const [, count, unit] = /^(\d{1,12})\s*([smhd])?\w*$/i.exec(delay) ?? [];
  if (count === undefined) return '40004';
  const seconds = unit === undefined ? Number(count) - now / 1000 : Number(count) * UNITS[unit.toLowerCase()]!;
  if (seconds < SHORTEST_S) return '40005';
  return seconds > LONGEST_S ? '40006' : undefined;
}
