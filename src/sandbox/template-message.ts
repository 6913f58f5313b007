import { levelOfMarks } from './level.ts';
import type { Draft, Level } from './stand-in.ts';

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
    ...(level === undefined ? {} : { level }),
    fields: variables,
    mentions: phones,
    raw,
  };
}

/** Signs are not allowed in most templates: the level comes as a word that is the whole variable. */
function levelOfWord(value: string): Level | undefined {
  return LEVELS.find(([, pattern]) => pattern.test(value.trim()))?.[0];
}

const LEVELS: readonly (readonly [Level, RegExp])[] = [
  ['error', /^(?:error|critical|错误|严重|故障|紧急)$/i],
  ['warning', /^(?:warn|warning|警告|告警)$/i],
  ['info', /^(?:info|信息|通知|恢复)$/i],
];
