import type { Field, Level, Mentions, Message } from '../../model.ts';
import { ZERO_WIDTH_SPACE } from '../text/markdown.ts';
import { markedTitle } from '../text/marked-title.ts';
import { plainText } from '../text/plain-text.ts';
import { mentionWords } from '../text/written-mentions.ts';

export interface FeishuCard {
  readonly config: { readonly wide_screen_mode: true };
  readonly header: { readonly title: Literal; readonly template: string };
  readonly elements: readonly Element[];
}
type Element = { readonly tag: string; readonly [key: string]: unknown };
export interface FeishuPost {
  readonly title: string;
  readonly content: readonly (readonly PostNode[])[];
}
type PostNode = Readonly<Record<string, string>>;
interface Literal {
  readonly tag: 'plain_text';
  readonly content: string;
}

/**
 * The message as lines of text. What could be read as a tag is written as entities, as the platform advises.
 * @param calls it goes to a group, where tags call people; in a chat of two there is nobody else, and names are written
 */
export function feishuText(message: Message, calls: boolean): string {
  const at = mentionsOf(message.mentions, calls, (id, name) => `<at user_id="${id}">${name}</at>`);
  return escape(plainText(message)) + (at && `\n${at}`);
}

/**
 * The message as rich text, whose text nodes are shown as they are. It has no colours; a mark tells the level of a card.
 */
export function feishuPost(
  { title, body, style, level, fields = [], url, mentions }: Message,
  calls: boolean,
): FeishuPost {
  const lines = [...(body === '' ? [] : [body]), ...fields.map(({ name, value }) => `${name}：${value}`)];
  const content: PostNode[][] = lines.map((text) => [{ tag: 'text', text }]);
  if (url !== undefined) content.push([{ tag: 'a', text: '查看详情', href: url }]);
  if (mentions !== undefined) content.push(mentionNodes(mentions, calls));
  return {
    title: markedTitle({ title, style, level }),
    content: content.length > 0 ? content : [[{ tag: 'text', text: title }]],
  };
}

/**
 * The message as a card. 1.0: it ignores what it does not know and is shown by every client; 2.0 does neither.
 * Source: open.feishu.cn, common-capabilities/message-card.
 */
export function feishuCard(message: Message, calls: boolean): FeishuCard {
  const { title, body, format, fields = [], url, level, mentions } = message;
  const elements: Element[] = [];
  if (body !== '') elements.push(format === 'markdown' ? { tag: 'markdown', content: markdown(body) } : plain(body));
  if (fields.length > 0) elements.push({ tag: 'div', fields: fields.map(row) });
  const at = mentionsOf(mentions, calls, (id) => `<at id=${id}></at>`);
  if (at !== '') elements.push({ tag: 'markdown', content: at });
  if (url !== undefined) elements.push(button(url));
  return {
    config: { wide_screen_mode: true },
    header: { title: literal(title), template: COLOURS[level] },
    elements: elements.length > 0 ? elements : [plain(title)],
  };
}

/** Whether a tag can hold this id. */
export const isId = (id: string): boolean => /^[\w-]+$/.test(id);

/** Open ids and user ids can be called; a mobile number cannot and stays visible text, as does an odd id. */
function mentionsOf(mentions: Mentions | undefined, calls: boolean, tag: (id: string, name: string) => string): string {
  if (mentions === undefined) return '';
  const { called, written } = sortMentions(mentions, calls);
  const tags = called.map((id) => tag(id, id === 'all' ? '所有人' : ''));
  return [...tags, ...(written === '' ? [] : [escape(written)])].join(' ');
}

function mentionNodes(mentions: Mentions, calls: boolean): PostNode[] {
  const { called, written } = sortMentions(mentions, calls);
  const tags = called.map((user_id) => ({ tag: 'at', user_id }));
  return [...tags, ...(written === '' ? [] : [{ tag: 'text', text: written }])];
}

function sortMentions(mentions: Mentions, calls: boolean): { called: readonly string[]; written: string } {
  if (!calls) return { called: [], written: mentionWords(mentions) };
  const { all, ids, mobiles } = mentions;
  const odd = ids.filter((id) => !isId(id));
  return {
    called: [...(all ? ['all'] : []), ...ids.filter(isId)],
    written: mentionWords({ all: false, ids: odd, mobiles }),
  };
}

const COLOURS: Readonly<Record<Level, string>> = { info: 'blue', warning: 'orange', error: 'red' };

/** Up to this many characters a field shares its row with the next one. */
const SHORT_FIELD = 24;

const row = ({ name, value }: Field) => ({
  is_short: name.length + value.length <= SHORT_FIELD,
  text: literal(`${name}：${value}`),
});

/**
 * Text that is shown as it is: `plain_text` knows neither Markdown nor tags, so nothing needs escaping. The invisible
 * break in `<at` is for a client that should ever think otherwise.
 */
const literal = (content: string): Literal => ({
  tag: 'plain_text',
  content: content.replace(/<(?=\/?at\b)/gi, `<${ZERO_WIDTH_SPACE}`),
});

const plain = (content: string): Element => ({ tag: 'div', text: literal(content) });

const button = (url: string): Element => ({
  tag: 'action',
  actions: [{ tag: 'button', text: literal('查看详情'), type: 'primary', url }],
});

/**
 * Markdown of the caller in the dialect of card 1.0: headings are not part of it and become bold lines; `<` opens
 * Feishu's own tags (`<at>`, `<font>`) and is escaped, so that only `mentions` can mention.
 */
const markdown = (body: string) => body.replaceAll('<', '&lt;').replace(/^#{1,6}[ \t]+(.+)$/gm, '**$1**');

/** The platform's advice for text of others: these three become entities, so that no `<at>` can be written. */
const escape = (raw: string) => raw.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
