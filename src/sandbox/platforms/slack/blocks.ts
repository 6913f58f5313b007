import { z } from 'zod';
import { issueWords } from '../../issue.ts';
import { units } from '../../units.ts';
import { slackLinks, slackMarkdown, slackMentions, slackPlain } from './text.ts';

/** Block Kit as a reader sees it. */
export interface Blocks {
  readonly title: string;
  /** Markdown. */
  readonly text: string;
  readonly fields: readonly { readonly name: string; readonly value: string }[];
  readonly links: readonly { readonly text: string; readonly url: string }[];
  readonly mentions: readonly string[];
  /** Characters of all texts together. */
  readonly size: number;
}

/** docs.slack.dev/reference/block-kit: blocks in a message, elements in a block, and characters as `.length` counts. */
const MOST_BLOCKS = 50;
const MOST_FIELDS = 10;
const MOST_CONTEXT = 10;
const MOST_ACTIONS = 25;
const HEADER = 150;
const SECTION = 3000;
const FIELD = 2000;
const LABEL = 75;
const ADDRESS = 3000;
const MARKDOWN = 12_000;

/** Reads `blocks`. A string tells what is wrong with them; the platform itself says no more than `invalid_blocks`. */
export function readBlocks(value: unknown): Blocks | string {
  const parsed = BLOCKS.safeParse(value);
  if (!parsed.success) return issueWords(parsed.error);
  const blocks = parsed.data;
  const spoken = blocks.flatMap(textsOf);
  const marked = spoken.filter(({ type }) => type === 'mrkdwn').map(({ text }) => text);
  return {
    title: blocks.flatMap((block) => (block.type === 'header' ? [block.text.text] : []))[0] ?? '',
    text: blocks
      .map(draw)
      .filter((text) => text !== '')
      .join('\n\n'),
    fields: blocks.flatMap((block) => (block.type === 'section' ? (block.fields ?? []).map(field) : [])),
    links: [...marked.flatMap(slackLinks), ...blocks.flatMap(buttons)],
    mentions: marked.flatMap(slackMentions),
    size: spoken.reduce((sum, { text }) => sum + text.length, 0),
  };
}

const LINK = z.url({ protocol: /^(https?|slack|mailto)$/ }).max(ADDRESS);
const ID = units(255).min(1).optional();
const plain = (max: number) =>
  z.strictObject({
    type: z.literal('plain_text'),
    text: units(max).min(1),
    emoji: z.boolean().optional(),
  });
const either = (max: number) =>
  z.discriminatedUnion('type', [
    plain(max),
    z.strictObject({
      type: z.literal('mrkdwn'),
      text: units(max).min(1),
      verbatim: z.boolean().optional(),
    }),
  ]);
const IMAGE = { image_url: LINK, alt_text: units(FIELD) };
const PICTURE = z.strictObject({ type: z.literal('image'), ...IMAGE });
const BUTTON = z.strictObject({
  type: z.literal('button'),
  text: plain(LABEL),
  url: LINK.optional(),
  action_id: ID,
  value: units(FIELD).optional(),
  style: z.enum(['primary', 'danger']).optional(),
  accessibility_label: units(LABEL).optional(),
});

/** Unknown properties are refused, as the platform does. */
const BLOCK = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('header'), block_id: ID, text: plain(HEADER) }),
  z
    .strictObject({
      type: z.literal('section'),
      block_id: ID,
      text: either(SECTION).optional(),
      fields: z.array(either(FIELD)).min(1).max(MOST_FIELDS).optional(),
      accessory: z.discriminatedUnion('type', [BUTTON, PICTURE]).optional(),
      expand: z.boolean().optional(),
    })
    .refine(({ text, fields }) => text !== undefined || fields !== undefined, 'text or fields is needed'),
  z.strictObject({ type: z.literal('divider'), block_id: ID }),
  z.strictObject({ type: z.literal('image'), block_id: ID, ...IMAGE, title: plain(FIELD).optional() }),
  z.strictObject({
    type: z.literal('context'),
    block_id: ID,
    elements: z
      .array(z.union([either(SECTION), PICTURE]))
      .min(1)
      .max(MOST_CONTEXT),
  }),
  z.strictObject({ type: z.literal('actions'), block_id: ID, elements: z.array(BUTTON).min(1).max(MOST_ACTIONS) }),
  z.strictObject({ type: z.literal('markdown'), block_id: ID, text: units(MARKDOWN).min(1) }),
]);
const BLOCKS = z
  .array(BLOCK)
  .min(1)
  .max(MOST_BLOCKS)
  .refine((blocks) => {
    const ids = blocks.flatMap(({ block_id }) => block_id ?? []);
    return new Set(ids).size === ids.length;
  }, 'block_id already exists')
  // "cumulative limit for all markdown blocks in a single payload"
  .refine(
    (blocks) => blocks.reduce((sum, block) => sum + (block.type === 'markdown' ? block.text.length : 0), 0) <= MARKDOWN,
    `markdown blocks exceed ${MARKDOWN} characters`,
  );

type Block = z.infer<typeof BLOCK>;
type Text = z.infer<ReturnType<typeof either>>;

function textsOf(block: Block): { readonly type: string; readonly text: string }[] {
  if (block.type === 'header') return [block.text];
  if (block.type === 'section') return [...(block.text === undefined ? [] : [block.text]), ...(block.fields ?? [])];
  if (block.type === 'context') return block.elements.filter((element) => element.type !== 'image');
  if (block.type === 'actions') return block.elements.map(({ text }) => text);
  return block.type === 'markdown' ? [block] : [];
}

/** What stands in the body of the card: not its title, fields and buttons, which are shown in their own way. */
function draw(block: Block): string {
  if (block.type === 'section') return block.text === undefined ? '' : markdown(block.text);
  if (block.type === 'context')
    return block.elements.map((one) => (one.type === 'image' ? '' : markdown(one))).join(' ');
  if (block.type === 'markdown') return block.text;
  if (block.type === 'divider') return '---';
  return block.type === 'image' ? `![${block.alt_text}](${block.image_url})` : '';
}

const markdown = ({ type, text }: Text): string => (type === 'mrkdwn' ? slackMarkdown(text) : text);

/** `*Name*`, line feed, value: the usual form. Anything else is all value. */
function field({ type, text }: Text): { name: string; value: string } {
  const seen = type === 'mrkdwn' ? slackPlain(text) : text;
  const [, name, value] = /^\*([^\n]+)\*:?\n([^]*)$/.exec(seen) ?? [];
  return name === undefined ? { name: '', value: seen } : { name, value: value! };
}

function buttons(block: Block): { text: string; url: string }[] {
  const found = [
    ...(block.type === 'actions' ? block.elements : []),
    ...(block.type === 'section' && block.accessory?.type === 'button' ? [block.accessory] : []),
  ];
  return found.flatMap(({ text, url }) => (url === undefined ? [] : [{ text: text.text, url }]));
}
