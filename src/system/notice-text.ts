import type { Level, Notice } from '../model.ts';

const WIDTH = 64;
const ICONS: Readonly<Record<Level, string>> = { error: '🚨', warning: '⚠️', info: 'ℹ️' };

/** A notice for people to read, framed so that it stands out; ends with a newline. */
export function noticeText(notice: Notice): string {
  const rows: readonly (readonly [string, string])[] = [
    ['通知ID', notice.id],
    ['标题', notice.title],
    ['类型', notice.type],
    ['策略', notice.strategy],
    ['样式', notice.style],
    ['来源', notice.source],
    ['任务ID', notice.task_id],
    ['原因', notice.reason],
    ['时间', new Date(notice.created_at).toISOString()],
  ];
  return [
    '='.repeat(WIDTH),
    `${ICONS[notice.type]} PushServer 系统通知 [${notice.type.toUpperCase()}]`,
    '='.repeat(WIDTH),
    ...rows.map(([label, value]) => `${label}: ${plain(value).replaceAll('\n', ' ')}`),
    '-'.repeat(WIDTH),
    plain(notice.message),
    '='.repeat(WIDTH),
    '',
  ].join('\n');
}

/** One framed line of our own. */
export function bannerText(text: string): string {
  return `${'='.repeat(WIDTH)}\n🚨 ${text}\n${'='.repeat(WIDTH)}\n`;
}

/** A notice as the API shows it and as it is POSTed. */
export function noticeJson(notice: Notice): string {
  return JSON.stringify({ ...notice, created_at: new Date(notice.created_at).toISOString() });
}

/**
 * Text that cannot move a terminal's cursor or recolour it. Messages arrive here without control characters; this is
 * the second lock on the door.
 */
export function plain(text: string): string {
  return text.replace(ESCAPES, '').replace(CONTROLS, '');
}

/** ECMA-48 control sequences (CSI) and operating system commands (OSC), begun by ESC or their one-byte forms. */
const ESCAPES = new RegExp(
  String.raw`(?:\u{1b}\[|\u{9b})[0-?]*[ -\/]*[@-~]|(?:\u{1b}\]|\u{9d})[^\p{Cc}]*(?:\u{7}|\u{1b}\\|\u{9c})?`,
  'gu',
);
/** Every other control character but tab and newline. */
const CONTROLS = /[^\P{Cc}\t\n]/gu;
