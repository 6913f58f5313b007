import type { Message } from '../../model.ts';
import { LEVELS } from '../level.ts';

/** The title; that of a card with the mark of its level, for platforms whose titles have no colour. */
export const markedTitle = ({ title, style, level }: Pick<Message, 'title' | 'style' | 'level'>): string =>
  style === 'card' ? `${LEVELS[level].mark} ${title}` : title;
