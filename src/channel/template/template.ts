import { z } from 'zod';
import { FailureError } from '../channel.ts';
import { type Compiled, type TemplateMode, compile, print, unknownName } from './liquid.ts';
import { type TemplateFault, faultText } from './template-fault.ts';
import { SAMPLE_MESSAGES, type Variables, variablesOf } from './template-variables.ts';

/** A template in a configuration; the value stays the text that was written. See {@link templateFault}. */
export const templateText = (mode: TemplateMode, description: string) =>
  z
    .string()
    .superRefine((text, context) => {
      const message = templateFault(text, mode);
      if (message !== undefined) context.addIssue({ code: 'custom', message });
    })
    .meta({ description });

/**
 * What is wrong with a template, in English, with line and column where known; undefined when it is good: it can be
 * read, names only variables and filters that exist, and makes of some sample messages what its mode promises.
 */
export function templateFault(text: string, mode: TemplateMode): string | undefined {
  const compiled = compiledOf(text, mode);
  const fault = 'message' in compiled ? compiled : (unknownName(compiled) ?? trialFault(text, mode, compiled));
  return fault && `template: ${faultText(fault)}`;
}

/**
 * The text that a template makes of a message. Pure, but for the clock that `{{ "now" | date }}` asks.
 * @param variables see `variablesOf`
 * @throws FailureError (`invalid`, with a remedy) when this message takes the template past its limits of time and
 *   memory, breaks one of its filters, or leads a URL out of its path
 */
export function renderTemplate(text: string, mode: TemplateMode, variables: Variables): string {
  const compiled = compiledOf(text, mode);
  const made = 'message' in compiled ? compiled : print(compiled, variables);
  if (typeof made !== 'string') throw new FailureError({ ...NOT_RENDERED, message: whereInChinese(made) });
  if (mode === 'url' && hasDotSegment(made)) throw new FailureError(DOT_SEGMENT);
  return made;
}

const NOT_RENDERED = {
  ok: false,
  kind: 'invalid',
  code: 'template',
  remedy: {
    en: 'The template failed for this message or passed its limits: simplify its loops and filters, or shorten the message.',
    zh: '模板处理这条消息时出错，或超出时间、内存限制：简化模板中的循环与过滤器，或缩短消息',
  },
} as const;

const whereInChinese = ({ at }: TemplateFault) =>
  `消息模板无法渲染${at === undefined ? '' : `（模板第 ${at[0]} 行第 ${at[1]} 列）`}`;

// ---- compiled templates ----------------------------------------------------------------------------------------

/** Compiled templates kept for each mode; the one compiled first is forgotten first. */
const KEPT = 1_000;

const kept: Readonly<Record<TemplateMode, Map<string, Compiled | TemplateFault>>> = {
  json: new Map(),
  text: new Map(),
  url: new Map(),
  form: new Map(),
};

/** Rendering is asked for many times with the same few templates, while a message is fitted. */
function compiledOf(text: string, mode: TemplateMode): Compiled | TemplateFault {
  const known = kept[mode].get(text);
  if (known !== undefined) return known;
  const compiled = compile(text, mode);
  const [oldest] = kept[mode].keys();
  if (oldest !== undefined && kept[mode].size >= KEPT) kept[mode].delete(oldest);
  kept[mode].set(text, compiled);
  return compiled;
}

// ---- trial -----------------------------------------------------------------------------------------------------

/** Tries a template with messages of every level, rich and bare ones, full of signs that break what is not escaped. */
function trialFault(text: string, mode: TemplateMode, compiled: Compiled): TemplateFault | undefined {
  if (mode === 'url' && !fixesHost(text))
    return { message: 'it must begin with http:// or https:// and a fixed host; only path and query may hold outputs' };
  for (const message of SAMPLE_MESSAGES) {
    const made = print(compiled, variablesOf(message, new Date(0), 'sample'));
    const fault = typeof made === 'string' ? PROMISES[mode](made) : made;
    if (fault !== undefined) return fault;
  }
  return undefined;
}

/** What is wrong with a text that a mode should not have made. */
const PROMISES: Readonly<Record<TemplateMode, (made: string) => TemplateFault | undefined>> = {
  json: jsonFault,
  text: () => undefined,
  url: (made) => {
    if (!URL.canParse(made)) return { message: 'it does not make a valid URL' };
    return hasDotSegment(made)
      ? { message: 'a part of its path may become . or .., which leads elsewhere' }
      : undefined;
  },
  form: () => undefined,
};

function jsonFault(made: string): TemplateFault | undefined {
  try {
    JSON.parse(made);
    return undefined;
  } catch (error) {
    // What V8 says without the text that it quotes.
    const why = /^[^,]*?(?=,? (?:in JSON|\.{3}|"|is not))/.exec(error instanceof Error ? error.message : '')?.[0];
    const message = 'with a sample message it does not make valid JSON; check commas, quotes, brackets and line breaks';
    return { message: why === undefined || why === '' ? message : `${message}: ${why}` };
  }
}

// ---- URLs ------------------------------------------------------------------------------------------------------

/** A message must not choose the host: what stands before the first output names it whole. */
function fixesHost(text: string): boolean {
  const start = /\{\{|\{%/.exec(text);
  const fixed = text.slice(0, start?.index);
  return /^https?:\/\/[^\s/?#\\]+[/?#]/i.test(start === null ? `${fixed}/` : fixed);
}

/**
 * Whether the path has a part `.` or `..`, which percent-encoding does not hide: a title `..` would lead to another
 * resource of the host.
 */
function hasDotSegment(url: string): boolean {
  const path = url.replace(/[?#].*$/s, '');
  return /[\\/](?:\.|%2e){1,2}(?=[\\/]|$)/i.test(path);
}

const DOT_SEGMENT = {
  ok: false,
  kind: 'invalid',
  code: 'template',
  message: '消息内容会使网址指向其他路径',
  remedy: {
    en: 'A part of the URL’s path would be "." or "..": put the message into the query of the URL, or change the message.',
    zh: '网址路径的某一段将成为 “.” 或 “..”：请把消息内容放到网址的查询参数中，或修改消息内容',
  },
} as const;
