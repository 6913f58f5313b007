import type { Level } from '../model.ts';

/** How a level is told to people, where a platform has no colours (the mark) or beside them (the word). */
export const LEVELS: Readonly<Record<Level, { readonly word: string; readonly mark: string }>> = {
  info: { word: '信息', mark: '🔵' },
  warning: { word: '警告', mark: '🟠' },
  error: { word: '错误', mark: '🔴' },
};
