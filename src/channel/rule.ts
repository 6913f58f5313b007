import type { FailureKind } from '../model.ts';
import type { CodeRule } from './classify.ts';

/**
 * A line of a platform's error table.
 * @param zh the remedy, for the person who is woken by it: what to check, what to click
 */
export const rule = (
  kind: FailureKind,
  zh: string,
  en: string,
  more: Omit<CodeRule, 'kind' | 'remedy'> = {},
): CodeRule => ({ kind, remedy: { en, zh }, ...more });
