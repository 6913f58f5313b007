import { z } from 'zod';
import { type HttpReply, defineChannel } from '../channel/channel.ts';
import { classifyStatus, failureOf, judge, parseObject } from '../channel/classify.ts';
import { DINGTALK_APP_CODES, FLOW_CONTROLLED, NOBODY_REACHED } from '../channel/platform/dingtalk-app-codes.ts';
import { dingtalkMarkdown } from '../channel/platform/dingtalk-markdown.ts';
import { postJson } from '../channel/http-channel.ts';
import { idList, idText } from '../channel/id.ts';
import { linkTarget } from '../channel/text/markdown.ts';
import { maskId } from '../channel/mask.ts';
import { plainText } from '../channel/text/plain-text.ts';
import { baseUrl } from '../channel/server-address.ts';
import { tokenIn } from '../channel/token-answer.ts';
import { withToken } from '../channel/token.ts';
import type { Message, Outcome } from '../model.ts';

interface Payload {
  readonly robotCode: string;
  readonly userIds: readonly string[];
  readonly msgKey: string;
  /** JSON in a string. */
  readonly msgParam: string;
}

const config = z.strictObject({
  app_key: z.string().min(1).meta({ secret: true, description: 'Client ID (AppKey) of the application' }),
  app_secret: z.string().min(1).meta({ secret: true, description: 'Client Secret (AppSecret)' }),
  robot_code: idText('RobotCode of the application’s robot; often equal to app_key'),
  user_ids: idList('Who receives the messages: up to 20 userIds').refine((ids) => ids.length <= 20, {
    error: 'expected at most 20 ids',
  }),
  base_url: baseUrl('https://api.dingtalk.com'),
});

/**
 * One-to-one messages of a DingTalk robot. Wire facts: help.dingtalk.io, chatbots-send-one-on-one-chat-messages-in-batches.
 * The international site is https://api.dingtalk.io.
 */
export default defineChannel<typeof config, Payload>({
  name: 'dingtalk_app',
  label: { en: 'DingTalk robot, one-to-one', zh: '钉钉应用机器人' },
  docs: 'https://help.dingtalk.io/open/development/chatbots-send-one-on-one-chat-messages-in-batches',
  config,
  // The recipients are the mention.
  capabilities: { formats: ['text', 'markdown'], card: true, mentions: false, idempotent: false },
  limits: {
    // Documented for messages to a group: help.dingtalk.io, the-robot-sends-a-group-message. Nothing larger is promised here.
    size: [{ of: 'msgParam', max: 15_000, unit: 'bytes' }],
    // The documented guidance for titles.
    title: { max: 100, unit: 'chars' },
    // Ours: none is documented. As often as a robot may write to a group, one message every three seconds.
    rate: { per_minute: 18 },
    // Ours likewise: from the length of a gateway's window to that of a group robot's.
    throttle: { base: 60, max: 600 },
  },
  credential: ({ app_key, robot_code, user_ids }) => JSON.stringify([app_key, robot_code, user_ids]),
  people: ({ user_ids }) => user_ids,
  render: (message, { robot_code, user_ids }) => {
    const [msgKey, param] = contentOf(message);
    return { robotCode: robot_code, userIds: user_ids, msgKey, msgParam: JSON.stringify(param) };
  },
  async send(payload, { base_url, app_key, app_secret }, io) {
    const reply = await withToken(
      io,
      JSON.stringify(['dingtalk_app', base_url, app_key, app_secret]),
      async (ask) => {
        const credential = { appKey: app_key, appSecret: app_secret };
        const answer = await ask(postJson(`${base_url}/v1.0/oauth2/accessToken`, credential));
        return tokenIn(answer, io.now(), { value: 'accessToken', expires_in: 'expireIn' }, classify);
      },
      (token) => {
        const url = `${base_url}/v1.0/robot/oToMessages/batchSend`;
        return io.http(postJson(url, payload, { 'x-acs-dingtalk-access-token': token }));
      },
      (answer) => STALE.has(String(parseObject(answer.body)?.['code'])),
    );
    return verdict(reply, io.now(), payload.userIds);
  },
});

// ---- rendering -------------------------------------------------------------------------------------------------

/** The key of the platform's template, and what it is filled with. */
function contentOf(message: Message): readonly [key: string, param: Readonly<Record<string, string>>] {
  const { title, style, format, url } = message;
  if (style === 'text' && format === 'text') return ['sampleText', { content: plainText(message) }];
  const text = dingtalkMarkdown(message);
  if (url === undefined) return ['sampleMarkdown', { title, text }];
  if (style === 'card') return ['sampleActionCard', { title, text, singleTitle: '查看详情', singleURL: url }];
  return ['sampleMarkdown', { title, text: `${text}\n\n[查看详情](${linkTarget(url)})` }];
}

// ---- answers ---------------------------------------------------------------------------------------------------

const STALE: ReadonlySet<string> = new Set(['InvalidAuthentication', '40014', '42001']);

/** A success names the message that it has made; an error has a `code`. */
function classify(reply: HttpReply, now: Date): Outcome {
  const { code, message, processQueryKey } = parseObject(reply.body) ?? {};
  if (typeof code !== 'string' && typeof code !== 'number') {
    const isTaken = reply.status === 200 && typeof processQueryKey === 'string' && processQueryKey !== '';
    return isTaken ? { ok: true } : classifyStatus(reply, now);
  }
  const text = typeof message === 'string' ? message : '';
  const found = DINGTALK_APP_CODES.find(([family]) => family.test(String(code)))?.[1];
  if (found === undefined) return judge({}, String(code), text, reply, now);
  return failureOf(found, { code: String(code), message: text, reply, now });
}

/** Lists of those who were not reached, beside a success. */
const MISSED = [
  { key: 'invalidStaffIdList', message: 'userId 无效' },
  { key: 'flowControlledStaffIdList', message: '被钉钉流控' },
] as const;

function verdict(reply: HttpReply, now: Date, users: readonly string[]): Outcome {
  const outcome = classify(reply, now);
  if (!outcome.ok) return outcome;
  const json = parseObject(reply.body) ?? {};
  const missed = MISSED.flatMap(({ key, message }) =>
    idsIn(json[key]).map((id) => ({ id, key, refused: { recipient: maskId(id), code: key, message } })),
  );
  if (missed.length === 0) return outcome;
  if (users.some((user) => !missed.some(({ id }) => id === user))) {
    return { ok: true, refused: missed.map(({ refused }) => refused) };
  }
  const held = missed.find(({ key }) => key === 'flowControlledStaffIdList');
  const { code, message } = (held ?? missed[0]!).refused;
  return failureOf(held ? FLOW_CONTROLLED : NOBODY_REACHED, { code, message, reply, now });
}

const idsIn = (list: unknown): string[] => (Array.isArray(list) ? list.map(String) : []);
