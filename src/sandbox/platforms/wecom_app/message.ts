import { z } from 'zod';
import { createShaped } from '../../shaped.ts';
import type { Drawn } from '../../stand-in.ts';
import { looks } from '../wechat/looks.ts';
import { drawNews, NEWS } from '../wechat/news.ts';
import { templateCard } from '../wechat/template-card.ts';

/**
 * developer.work.weixin.qq.com, document/path/90236. Bytes are of UTF-8; "字符" is not defined, so the stricter reading (UTF-16
 * units, an emoji is two) holds here.
 */
const TEXT_BYTES = 2048;
const MARKDOWN_BYTES = 2048;
const CARD_TITLE_CHARS = 128;
const CARD_TEXT_CHARS = 512;
const CARD_URL_BYTES = 2048;
const BUTTON_CHARS = 4;
const ARTICLE_TITLE_BYTES = 128;
const ARTICLE_TEXT_BYTES = 512;

export type WecomRead = Drawn | { readonly code: number; readonly reason: string };

/** Reads the content of an application message: the part of the body that bears the name of its `msgtype`. */
export function readWecomMessage(type: unknown, json: Record<string, unknown>): WecomRead {
  if (typeof type !== 'string' || !Object.hasOwn(TYPES, type)) return { code: 40008, reason: 'invalid message type' };
  return TYPES[type]!(json[type]);
}

const LINK = z.url({ protocol: /^https?$/ });
const TASK_ID = z.looseObject({
  task_id: z
    .string()
    .regex(/^[\w@-]{1,128}$/)
    .optional(),
  action_menu: z.unknown().optional(),
});

/** media comes from an upload, which the sandbox has none of: every id is unknown */
const media = (): WecomRead => ({ code: 40007, reason: 'invalid media_id' });

const shaped = createShaped<WecomRead>((words) => ({ code: 40035, reason: `invalid parameter: ${words}` }));

const TYPES: Readonly<Record<string, (content: unknown) => WecomRead>> = {
  // "超过将截断": more is not refused but cut off.
  text: shaped(z.looseObject({ content: z.string() }), ({ content }) =>
    content.trim() === ''
      ? { code: 44004, reason: 'empty content' }
      : { style: 'text', title: '', text: cut(content, TEXT_BYTES), format: 'text', ...looks(content) },
  ),
  markdown: shaped(
    z.looseObject({ content: z.string() }),
    ({ content }) =>
      within('markdown.content', bytes(content), MARKDOWN_BYTES) ?? {
        style: 'card',
        title: '',
        text: content,
        format: 'markdown',
        ...looks(content),
      },
  ),
  textcard: shaped(
    z.looseObject({ title: z.string(), description: z.string(), url: LINK, btntxt: z.string().optional() }),
    ({ title, description, url, btntxt = '详情' }) =>
      within('textcard.title', title.length, CARD_TITLE_CHARS) ??
      within('textcard.description', description.length, CARD_TEXT_CHARS) ??
      within('textcard.url', bytes(url), CARD_URL_BYTES) ??
      within('textcard.btntxt', btntxt.length, BUTTON_CHARS) ?? {
        style: 'card',
        title,
        text: plain(description),
        format: 'text',
        links: [{ text: btntxt, url }],
        ...looks(title, description),
      },
  ),
  news: shaped(NEWS, (news) => {
    const drawn = drawNews(news);
    if ('code' in drawn) return drawn;
    const long = news.articles
      .map(({ description = '' }) => within('news.articles.description', bytes(description), ARTICLE_TEXT_BYTES, 0))
      .find((fault) => fault !== undefined);
    return long ?? { ...drawn, title: cut(drawn.title, ARTICLE_TITLE_BYTES), ...looks(drawn.title) };
  }),
  template_card: (content) => {
    const marks = TASK_ID.safeParse(content);
    if (!marks.success) return { code: 40035, reason: 'invalid parameter: template_card.task_id' };
    const { task_id, action_menu } = marks.data;
    if (action_menu !== undefined && task_id === undefined) {
      return { code: 40063, reason: 'some parameters are empty: template_card.task_id' };
    }
    return templateCard(content);
  },
  image: media,
  voice: media,
  video: media,
  file: media,
};

const bytes = (text: string): number => Buffer.byteLength(text, 'utf8');

function within(name: string, size: number, max: number, min = 1): { code: number; reason: string } | undefined {
  if (size < min) return { code: 44004, reason: 'empty content' };
  return size > max ? { code: 40058, reason: `${name} exceed max length ${max}` } : undefined;
}

/** The first `max` bytes; a character that does not fit whole is left out. */
function cut(text: string, max: number): string {
  return new TextDecoder().decode(Buffer.from(text, 'utf8').subarray(0, max), { stream: true });
}

/** The description of a textcard may hold `<br>` and `<div class="gray|normal|highlight">`. */
function plain(html: string): string {
  return html
    .replaceAll(/<br\s*\/?>/gi, '\n')
    .replaceAll(/<\/div>(?=.)/gis, '\n')
    .replaceAll(/<\/?div[^>]*>/gi, '');
}
