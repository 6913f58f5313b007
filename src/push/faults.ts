import type { z } from 'zod';

export interface FieldFault {
  readonly field: string;
  readonly message: string;
}

type Issue = z.core.$ZodIssue;

/** Most faults one answer names; a hostile body could otherwise earn an answer larger than itself. */
const MOST = 100;

/**
 * What is wrong with a request, in Chinese, all of it at once and in the order of the schema.
 * @param input what was parsed: only it tells a missing field from one of the wrong type
 */
export const faultsOf = (error: z.ZodError, input: unknown): FieldFault[] =>
  error.issues.slice(0, MOST).map((issue) => {
    const field = nameOf(issue.path);
    const subject = issue.path.length === 0 ? '请求体' : field;
    return { field, message: `${subject}${explain(issue, at(input, issue.path))}` };
  });

/** `content.fields[0].name`; the whole input is `body`. */
function nameOf(path: readonly PropertyKey[]): string {
  if (path.length === 0) return 'body';
  return path.map((key, i) => (typeof key === 'number' ? `[${key}]` : `${i === 0 ? '' : '.'}${String(key)}`)).join('');
}

function at(input: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, key) =>
      typeof value === 'object' && value !== null ? (value as Record<PropertyKey, unknown>)[key] : undefined,
    input,
  );
}

const TYPES: Readonly<Record<string, string>> = {
  string: '字符串',
  number: '数字',
  int: '整数',
  boolean: '布尔值',
  object: '对象',
  array: '数组',
};

function explain(issue: Issue, value: unknown): string {
  if ((value === undefined || value === null) && issue.path.length > 0) return '不能为空';
  switch (issue.code) {
    case 'invalid_type':
      return `必须是${TYPES[issue.expected] ?? issue.expected}`;
    case 'invalid_value':
      return `必须是 ${issue.values.filter((v) => v !== '').join('、')} 之一`;
    case 'too_small':
      if (issue.origin === 'string') return '不能为空';
      return issue.origin === 'array' ? `不能少于${issue.minimum}项` : `不能小于${issue.minimum}`;
    case 'too_big':
      if (issue.origin === 'string') return `不能超过${issue.maximum}个字符`;
      return issue.origin === 'array' ? `不能超过${issue.maximum}项` : `不能大于${issue.maximum}`;
    case 'custom':
      return issue.message;
    default:
      return '格式不正确';
  }
}
