import { z } from 'zod';
import { type CodeTable, classifyByCode } from '../../src/channel/classify.ts';
import { defineHttpChannel, postJson } from '../../src/channel/http-channel.ts';
import { plainText } from '../../src/channel/text/plain-text.ts';
import { rule } from '../../src/channel/rule.ts';
import { webhookKey, webhookUrl } from '../../src/channel/webhook.ts';

interface Payload {
  readonly text: string;
}

const config = z.strictObject({
  url: webhookUrl(),
});

const TABLE: CodeTable = {
  101: rule('unauthorized', '机器人已被移除：重新复制 url', 'The bot was removed: copy its url again.'),
  102: rule('rate_limited', '发送过快，通道已自动暂停', 'Sent too fast; the lane pauses by itself.'),
  103: rule('invalid', '消息过长：缩短内容后重发', 'The message is too long: shorten it.'),
};

/** Skeleton bots. Wire facts: name the provider's page here. */
export default defineHttpChannel<typeof config, Payload>({
  name: 'skeleton',
  label: { en: 'Skeleton', zh: 'Skeleton' },
  docs: 'https://docs.example.com/skeleton',
  config,
  capabilities: { formats: ['text'], card: false, mentions: false, idempotent: false },
  limits: {
    size: [{ of: 'text', max: 4000, unit: 'bytes' }],
    title: { max: 100, unit: 'chars' },
    // A little below the official figure; name it here.
    rate: { per_minute: 50 },
    throttle: { base: 60, max: 600 },
  },
  credential: ({ url }) => webhookKey(url),
  render: (message) => ({ text: plainText(message) }),
  request: (payload, { url }) => postJson(url, payload),
  classify: classifyByCode('code', 'message', TABLE),
});
