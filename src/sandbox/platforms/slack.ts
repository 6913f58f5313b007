import { z } from 'zod';
import { isJson, parseJson } from '../body.ts';
import { createSlidingWindows, type SlidingWindows } from '../limits/sliding-windows.ts';
import { equal } from '../sign.ts';
import { type Answer, type Bot, type Call, defineStandIn, type Draft, type Verdict } from '../stand-in.ts';
import { lookOfBar } from './slack/bar.ts';
import { readBlocks } from './slack/blocks.ts';
import { slackLinks, slackMentions, slackPlain } from './slack/text.ts';

/** docs.slack.dev/apis/web-api/rate-limits: one a second, "short bursts" of more are tolerated (here: a second one). */
const RATE = [
  { max: 2, ms: 1000 },
  { max: 60, ms: 60_000 },
];
/** Slack cuts a longer `text` itself (characters). */
const TEXT_LENGTH = 40_000;
const MOST_ATTACHMENTS = 100;
/** Characters of all blocks together: undocumented, observed in github.com/slackapi/bolt-js/issues/2509. */
const ALL_BLOCKS = 13_200;

/** Every error is the whole body, as plain text. docs.slack.dev/messaging/sending-messages-using-incoming-webhooks */
const STATUS: Readonly<Record<string, number>> = {
  invalid_payload: 400,
  user_not_found: 400,
  no_text: 400,
  invalid_blocks: 400,
  invalid_blocks_format: 400,
  invalid_attachments: 400,
  missing_text_or_fallback_or_attachments: 400,
  msg_blocks_too_long: 400,
  too_many_attachments: 400,
  action_prohibited: 403,
  invalid_token: 403,
  posting_to_general_channel_denied: 403,
  team_disabled: 403,
  channel_not_found: 404,
  no_service: 404,
  no_service_id: 404,
  no_active_hooks: 404,
  no_team: 404,
  channel_is_archived: 410,
  rate_limited: 429,
  rollup_error: 500,
};

export default defineStandIn(() => {
  const sent = createSlidingWindows(RATE);
  return {
    name: 'slack',
    label: 'Slack',
    colour: '#4a154b',
    example: {
      path: '/services/T000DEMO/B000DEMO/demo',
      body: {
        text: '数据库告警',
        attachments: [
          {
            color: '#D92D20',
            blocks: [
              { type: 'header', text: { type: 'plain_text', text: '数据库告警' } },
              { type: 'section', text: { type: 'mrkdwn', text: '连接数 *150/100*，请立即处理' } },
            ],
          },
        ],
      },
    },
    routes: [
      {
        // The third part is the secret; the first two name the team and the hook.
        path: '/services/:team/:hook/:secret',
        token: ({ params }) => `${params['team'] ?? ''}/${params['hook'] ?? ''}`,
        receive: (call, bot) => receive(call, bot, sent),
      },
    ],
    failure: (code) => (Object.hasOwn(STATUS, code) ? answer(code) : undefined),
  };
});

function receive(call: Call, bot: Bot | undefined, sent: SlidingWindows): Verdict {
  const { team = '', hook = '', secret = '' } = call.params;
  if (!/^T[A-Z0-9]+$/.test(team)) return refuse('no_team');
  if (!/^B[A-Z0-9]+$/.test(hook)) return refuse('no_service');
  if (!/^[\w-]{1,128}$/.test(secret)) return refuse('invalid_token');
  if (bot?.secret !== undefined && !equal(bot.secret, secret)) return refuse('invalid_token');
  const key = `${team}/${hook}`;
  const wait = bot?.unlimited === true ? 0 : sent.wait(key, call.now);
  if (wait > 0) return refuse('rate_limited', `${wait} ms too early`, Math.ceil(wait / 1000));
  sent.take(key, call.now);
  const json = call.method === 'POST' && isJson(call) ? parseJson(call.body) : undefined;
  const parsed = PAYLOAD.safeParse(json);
  if (json === undefined || !parsed.success) return refuse('invalid_payload', parsed.error?.issues[0]?.message);
  const read = readMessage(parsed.data);
  if ('code' in read) return refuse(read.code, read.reason);
  return { ok: true, answer: { body: 'ok' }, draft: { ...read, raw: json } };
}

const answer = (code: string, seconds = 1): Answer => ({
  status: STATUS[code] ?? 400,
  ...(code === 'rate_limited' ? { headers: { 'retry-after': String(seconds) } } : {}),
  body: code,
});

const refuse = (code: string, reason = code, seconds?: number): Verdict => ({
  ok: false,
  code,
  reason,
  answer: answer(code, seconds),
});

interface Wrong {
  readonly code: string;
  readonly reason?: string;
}

const WORDS = z.string().optional();
const ATTACHMENT = z.looseObject({
  color: WORDS,
  fallback: WORDS,
  pretext: WORDS,
  title: WORDS,
  title_link: WORDS,
  text: WORDS,
  footer: WORDS,
  fields: z.array(z.looseObject({ title: WORDS, value: WORDS, short: z.boolean().optional() })).optional(),
  blocks: z.unknown().optional(),
});
const PAYLOAD = z.looseObject({
  text: WORDS,
  blocks: z.unknown().optional(),
  attachments: z.array(ATTACHMENT).optional(),
});

/** Beside `blocks` an attachment may have a colour and a fallback only: github.com/slackapi/node-slack-sdk/issues/1112. */
const BESIDE_BLOCKS: ReadonlySet<string> = new Set(['blocks', 'color', 'fallback']);

function readMessage({ text = '', blocks, attachments = [] }: z.infer<typeof PAYLOAD>): Omit<Draft, 'raw'> | Wrong {
  if (attachments.length > MOST_ATTACHMENTS) return { code: 'too_many_attachments' };
  if (blocks !== undefined && !Array.isArray(blocks)) return { code: 'invalid_blocks_format' };
  const [only] = attachments;
  if (blocks === undefined && only === undefined) {
    if (text === '') return { code: 'no_text' };
    const seen = slackPlain(text.slice(0, TEXT_LENGTH));
    return {
      kind: 'text',
      style: 'text',
      title: '',
      text: seen,
      format: 'text',
      links: slackLinks(text),
      mentions: slackMentions(text),
      ...lookOfBar('', seen),
    };
  }
  const parts: Part[] = [];
  if (blocks !== undefined) {
    const read = readBlocks(blocks);
    if (typeof read === 'string') return { code: 'invalid_blocks', reason: read };
    parts.push(read);
  }
  for (const attachment of attachments) {
    const part = readAttachment(attachment, text);
    if ('code' in part) return part;
    parts.push(part);
  }
  if (parts.reduce((sum, { size }) => sum + size, 0) > ALL_BLOCKS) return { code: 'msg_blocks_too_long' };
  const title = parts.map((part) => part.title).find((one) => one !== '') ?? '';
  // With blocks in the message itself, `text` is only the preview; beside attachments it is shown.
  const lead = blocks === undefined ? slackPlain(text) : '';
  const body = parts.map((part) => part.text);
  return {
    kind: parts.some(({ size }) => size > 0) ? 'blocks' : 'attachments',
    style: 'card',
    title,
    text: (lead === title ? body : [lead, ...body]).filter((one) => one !== '').join('\n\n'),
    format: 'markdown',
    fields: parts.flatMap(({ fields }) => fields),
    links: parts.flatMap(({ links }) => links),
    mentions: [...slackMentions(text), ...parts.flatMap(({ mentions }) => mentions)],
    ...lookOfBar(attachments.find(({ color }) => color !== undefined)?.color ?? '', lead, title, ...body),
  };
}

type Part = Exclude<ReturnType<typeof readBlocks>, string>;

function readAttachment(attachment: z.infer<typeof ATTACHMENT>, text: string): Part | Wrong {
  if (attachment.blocks !== undefined) {
    const odd = Object.keys(attachment).filter((key) => !BESIDE_BLOCKS.has(key));
    const read = odd.length > 0 ? `${odd.join(', ')} beside blocks` : readBlocks(attachment.blocks);
    return typeof read === 'string' ? { code: 'invalid_attachments', reason: read } : read;
  }
  const { title = '', title_link, fallback = '', fields = [] } = attachment;
  const texts = [attachment.pretext ?? '', attachment.text ?? '', attachment.footer ?? ''].filter((one) => one !== '');
  if ([text, title, fallback, ...texts].every((one) => one === '') && fields.length === 0)
    return { code: 'missing_text_or_fallback_or_attachments' };
  return {
    title: slackPlain(title),
    text: (texts.length === 0 && title === '' ? [fallback] : texts).map(slackPlain).join('\n\n'),
    fields: fields.map(({ title: name = '', value = '' }) => ({ name, value: slackPlain(value) })),
    links: title_link === undefined ? [] : [{ text: slackPlain(title), url: title_link }],
    mentions: texts.flatMap(slackMentions),
    size: 0,
  };
}
