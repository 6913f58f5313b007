import { levelOfMarks, levelOfWord } from '../../level.ts';
import { look } from '../../look.ts';
import type { Draft } from '../../stand-in.ts';

/** A template that the platform filled in: what the recipient gets is its text, which only the platform knows. */
export interface TemplateMessage {
  readonly kind: string;
  /** The sender as the recipient reads it in 【】. */
  readonly sign?: string;
  readonly template: string;
  readonly variables: readonly { readonly name: string; readonly value: string }[];
  readonly phones: readonly string[];
  readonly raw: unknown;
}

/** Shows the template's code and its variables, one a line. */
export function templateDraft({ kind, sign, template, variables, phones, raw }: TemplateMessage): Draft {
  const values = variables.map(({ value }) => value);
  // Signs are not allowed in most templates: the level comes as a word that is the whole variable.
  const level = levelOfMarks(...values) ?? values.map(levelOfWord).find((found) => found !== undefined);
  return {
    kind,
    style: 'text',
    title: '',
    text: [
      `${sign === undefined ? '' : `【${sign}】`}模板 ${template}`,
      ...variables.map(({ name, value }) => `${name}：${value}`),
    ].join('\n'),
    format: 'text',
    ...look(level),
    fields: variables,
    to: phones,
    raw,
  };
}
