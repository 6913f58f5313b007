import { z } from 'zod';
import type { Drawn } from '../../stand-in.ts';

const MOST_ARTICLES = 8;
const LINK = z.url({ protocol: /^https?$/ });

/** Up to eight articles of which each is a picture, a title and a link. */
export const NEWS = z.looseObject({
  articles: z.array(
    z.looseObject({
      title: z.string().min(1),
      description: z.string().optional(),
      url: LINK,
      picurl: LINK.optional(),
    }),
  ),
});

/** The first is drawn large, all are links. */
export function drawNews({
  articles,
}: z.infer<typeof NEWS>): Drawn | { readonly code: number; readonly reason: string } {
  const [first] = articles;
  if (first === undefined || articles.length > MOST_ARTICLES) {
    return { code: 45008, reason: 'article count out of range' };
  }
  return {
    style: 'card',
    title: first.title,
    text: first.description ?? '',
    format: 'text',
    links: articles.map(({ title, url }) => ({ text: title, url })),
  };
}
