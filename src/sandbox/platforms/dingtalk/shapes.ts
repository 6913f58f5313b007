import { z } from 'zod';

/** What robots and applications have in common. A text that is not blank: */
export const WORDS = z.string().refine((text) => text.trim() !== '', 'is empty');
export const LINK = z.url({ protocol: /^(https?|dingtalk)$/ });
export const TITLED = z.looseObject({ title: WORDS, text: WORDS });
export const LINK_CARD = TITLED.extend({ messageUrl: LINK, picUrl: z.union([LINK, z.literal('')]).optional() });
