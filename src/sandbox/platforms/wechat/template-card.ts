import { z } from 'zod';
import { issueWords } from '../../issue.ts';
import { levelOfMarks } from '../../level.ts';
import { look } from '../../look.ts';
import type { Drawn, Level } from '../../stand-in.ts';

/** Counts of the official page; the lengths given there are recommendations and are not enforced. */
const MOST_LINES = 6;
const MOST_JUMPS = 3;

/** Reads a template card of WeCom: `text_notice` or `news_notice`. */
export function templateCard(value: unknown): Drawn | { readonly code: number; readonly reason: string } {
  const parsed = CARD.safeParse(value);
  if (!parsed.success) {
    return { code: 40035, reason: `invalid parameter: template_card.${issueWords(parsed.error)}` };
  }
  const card = parsed.data;
  const { main_title: main, emphasis_content: big, quote_area: quote, source } = card;
  const title = main?.title ?? '';
  const level = levelOfMarks(title, source?.desc ?? '') ?? SOURCE_COLOURS[source?.desc_color ?? -1];
  const texts = [
    main?.desc,
    big?.title === undefined ? undefined : `**${big.title}** ${big.desc ?? ''}`,
    quote?.quote_text === undefined ? undefined : `> ${quote.quote_text}`,
    card.sub_title_text,
  ];
  return {
    style: 'card',
    title,
    text: texts.filter((text) => text !== undefined && text !== '').join('\n\n'),
    format: 'markdown',
    ...look(level),
    fields: [
      ...card.horizontal_content_list.map((line) => ({ name: line.keyname, value: line.value ?? line.userid ?? '' })),
      ...card.vertical_content_list.map((line) => ({ name: line.title, value: line.desc ?? '' })),
    ],
    links: [
      ...card.jump_list.flatMap((jump) => (jump.url === undefined ? [] : [{ text: jump.title, url: jump.url }])),
      ...(card.card_action.url === undefined ? [] : [{ text: '查看详情', url: card.card_action.url }]),
    ],
  };
}

/** 0 grey, 1 black, 2 red, 3 green. */
const SOURCE_COLOURS: Readonly<Record<number, Level | undefined>> = { 2: 'error', 3: 'info' };

const LINK = z.url({ protocol: /^https?$/ });

/** `type` 1 needs a URL, 2 a mini-program. */
const needs = (target: { type?: number | undefined; url?: unknown; appid?: unknown }): boolean =>
  (target.type !== 1 || target.url !== undefined) && (target.type !== 2 || target.appid !== undefined);
const JUMP = { url: LINK.optional(), appid: z.string().min(1).optional(), pagepath: z.string().optional() };

const CARD = z
  .looseObject({
    card_type: z.enum(['text_notice', 'news_notice']),
    source: z
      .looseObject({
        icon_url: LINK.optional(),
        desc: z.string().optional(),
        desc_color: z.int().min(0).max(3).optional(),
      })
      .optional(),
    main_title: z.looseObject({ title: z.string().optional(), desc: z.string().optional() }).optional(),
    emphasis_content: z.looseObject({ title: z.string().optional(), desc: z.string().optional() }).optional(),
    quote_area: z
      .looseObject({
        type: z.int().min(0).max(2).optional(),
        ...JUMP,
        title: z.string().optional(),
        quote_text: z.string().optional(),
      })
      .refine(needs, 'url or appid is missing')
      .optional(),
    sub_title_text: z.string().optional(),
    horizontal_content_list: z
      .array(
        z
          .looseObject({
            keyname: z.string().min(1),
            value: z.string().optional(),
            type: z.int().min(0).max(3).optional(),
            url: LINK.optional(),
            media_id: z.string().optional(),
            userid: z.string().optional(),
          })
          .refine((line) => line.type !== 1 || line.url !== undefined, 'url is missing')
          .refine((line) => line.type !== 2 || line.media_id !== undefined, 'media_id is missing')
          .refine((line) => line.type !== 3 || line.userid !== undefined, 'userid is missing'),
      )
      .max(MOST_LINES)
      .default([]),
    vertical_content_list: z
      .array(z.looseObject({ title: z.string().min(1), desc: z.string().optional() }))
      .default([]),
    jump_list: z
      .array(
        z
          .looseObject({ type: z.int().min(0).max(2).optional(), ...JUMP, title: z.string().min(1) })
          .refine(needs, 'url or appid is missing'),
      )
      .max(MOST_JUMPS)
      .default([]),
    card_action: z.looseObject({ type: z.int().min(1).max(2), ...JUMP }).refine(needs, 'url or appid is missing'),
    card_image: z.looseObject({ url: LINK }).optional(),
    image_text_area: z.looseObject({ image_url: LINK }).optional(),
  })
  .refine(
    (card) => Boolean(card.main_title?.title) || Boolean(card.sub_title_text),
    'main_title.title or sub_title_text is needed',
  )
  .refine((card) => card.card_type !== 'news_notice' || Boolean(card.main_title?.title), 'main_title.title is needed')
  .refine(
    (card) => card.card_type !== 'news_notice' || card.card_image !== undefined || card.image_text_area !== undefined,
    'card_image or image_text_area is needed',
  );
