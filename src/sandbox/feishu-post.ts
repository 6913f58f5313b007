import { z } from 'zod';
import { firstIssue } from './issue.ts';
import { levelOfMarks } from './level.ts';
import { look } from './look.ts';
import type { Draft } from './stand-in.ts';

const LINK = z.url({ protocol: /^(https?|lark|feishu)$/ });
const NODE = z.discriminatedUnion('tag', [
  z.looseObject({ tag: z.literal('text'), text: z.string(), un_escape: z.boolean().optional() }),
  z.looseObject({ tag: z.literal('a'), text: z.string(), href: LINK }),
  z.looseObject({ tag: z.literal('at'), user_id: z.string().min(1), user_name: z.string().optional() }),
  z.looseObject({ tag: z.literal('img'), image_key: z.string().min(1) }),
  z.looseObject({ tag: z.literal('md'), text: z.string() }),
  z.looseObject({ tag: z.literal('code_block'), text: z.string(), language: z.string().optional() }),
  z.looseObject({ tag: z.literal('emotion'), emoji_type: z.string().min(1) }),
  z.looseObject({ tag: z.literal('hr') }),
]);
type Node = z.infer<typeof NODE>;

const POST = z.looseObject({ title: z.string().optional(), content: z.array(z.array(NODE)) });
const POSTS = z
  .strictObject({ zh_cn: POST.optional(), en_us: POST.optional(), ja_jp: POST.optional() })
  .refine((post) => post.zh_cn ?? post.en_us ?? post.ja_jp, 'zh_cn, en_us or ja_jp is needed');

/** Reads the rich text of an application: one post per language, without the wrapper `post` of the custom bot. */
export function readPost(value: unknown): Omit<Draft, 'kind' | 'raw'> | { readonly reason: string } {
  const parsed = POSTS.safeParse(value);
  if (!parsed.success) {
    const { path, reason } = firstIssue(parsed.error);
    return { reason: `${path}: ${reason}` };
  }
  const { zh_cn, en_us, ja_jp } = parsed.data;
  const { title = '', content } = (zh_cn ?? en_us ?? ja_jp)!;
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
