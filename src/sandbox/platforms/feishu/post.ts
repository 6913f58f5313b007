import { z } from 'zod';
import { levelOfMarks } from '../../level.ts';
import { look } from '../../look.ts';
import type { Drawn } from '../../stand-in.ts';

const LINK = z.url({ protocol: /^(https?|lark|feishu)$/ });
const BOT_NODES = [
  z.looseObject({ tag: z.literal('text'), text: z.string(), un_escape: z.boolean().optional() }),
  z.looseObject({ tag: z.literal('a'), text: z.string(), href: LINK }),
  z.looseObject({ tag: z.literal('at'), user_id: z.string().min(1), user_name: z.string().optional() }),
  z.looseObject({ tag: z.literal('img'), image_key: z.string().min(1) }),
] as const;
const APP_NODES = [
  ...BOT_NODES,
  z.looseObject({ tag: z.literal('md'), text: z.string() }),
  z.looseObject({ tag: z.literal('code_block'), text: z.string(), language: z.string().optional() }),
  z.looseObject({ tag: z.literal('emotion'), emoji_type: z.string().min(1) }),
  z.looseObject({ tag: z.literal('hr') }),
] as const;
const post = <N extends z.ZodType>(node: N) =>
  z.looseObject({ title: z.string().optional(), content: z.array(z.array(node)) }).optional();

const FROM_BOT = post(z.discriminatedUnion('tag', BOT_NODES));
const FROM_APP = post(z.discriminatedUnion('tag', APP_NODES));

/** The rich text of a custom bot, one post per language. */
export const BOT_POST = z
  .looseObject({ zh_cn: FROM_BOT, en_us: FROM_BOT })
  .refine((posts) => posts.zh_cn ?? posts.en_us, 'zh_cn or en_us is needed');

/** That of an application, which has more tags. */
export const APP_POST = z
  .strictObject({ zh_cn: FROM_APP, en_us: FROM_APP, ja_jp: FROM_APP })
  .refine((posts) => posts.zh_cn ?? posts.en_us ?? posts.ja_jp, 'zh_cn, en_us or ja_jp is needed');

type Post = NonNullable<z.infer<typeof FROM_APP>>;
type Node = Post['content'][number][number];

/** The post in the first language there is, as a reader sees it. */
export function drawPost(posts: {
  readonly zh_cn?: Post | undefined;
  readonly en_us?: Post | undefined;
  readonly ja_jp?: Post | undefined;
}): Drawn {
  const { title = '', content } = (posts.zh_cn ?? posts.en_us ?? posts.ja_jp)!;
  const nodes = content.flat();
  return {
    style: 'text',
    format: nodes.some(({ tag }) => tag === 'md') ? 'markdown' : 'text',
    title,
    text: content.map((line) => line.map(words).join('')).join('\n'),
    links: nodes.flatMap((node) => (node.tag === 'a' ? [{ text: node.text, url: node.href }] : [])),
    mentions: nodes.flatMap((node) => (node.tag === 'at' ? [node.user_id] : [])),
    ...look(levelOfMarks(title)),
  };
}

function words(node: Node): string {
  if (node.tag === 'at') return `@${node.user_id === 'all' ? '所有人' : (node.user_name ?? node.user_id)}`;
  if (node.tag === 'img') return '[图片]';
  if (node.tag === 'hr') return '---';
  return node.tag === 'emotion' ? `[${node.emoji_type}]` : node.text;
}
