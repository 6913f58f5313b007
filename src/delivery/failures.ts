import type { Failure } from '../model.ts';

/** What we say ourselves of a delivery; everything else is in the words of a platform's table. */

export const NO_ANSWER: Failure = {
  ok: false,
  kind: 'unknown',
  message: '等待应答超时，消息可能已送达',
  remedy: {
    en: 'No answer came; look in the group or mailbox whether the message arrived before sending it again.',
    zh: '没有收到应答：请先到群或邮箱确认是否已收到，再决定是否重发',
  },
};

export const NOT_SENT: Failure = {
  ok: false,
  kind: 'unavailable',
  message: '连接超时，消息未发出',
  remedy: {
    en: 'The platform could not be reached: check network, DNS, proxy and firewall of this server.',
    zh: '无法连接平台：检查本机网络、DNS、代理与防火墙',
  },
};

export const CUT_BY_CRASH: Failure = {
  ok: false,
  kind: 'unknown',
  message: '发送过程中服务异常退出，消息可能已送达',
  remedy: {
    en: 'The server died before the answer was recorded; look in the group or mailbox whether the message arrived.',
    zh: '服务退出前未能记录应答：请先到群或邮箱确认是否已收到，再决定是否重发',
  },
};

/** A bug, not a fault of the platform: nobody can say what was sent. */
export const INTERNAL_FAULT: Failure = {
  ok: false,
  kind: 'unknown',
  message: '服务器内部错误',
  remedy: { en: 'See the error log of the server.', zh: '查看服务器错误日志' },
};

export const TARGET_GONE: Failure = {
  ok: false,
  kind: 'invalid',
  message: '目标已从配置中移除或停用',
  remedy: {
    en: 'The target was removed or disabled while the message waited.',
    zh: '消息等待期间目标被移除或停用，请检查配置',
  },
};

export const OUT_OF_TIME: Failure = {
  ok: false,
  kind: 'invalid',
  message: '已超过任务时限，长消息只送达了一部分',
  remedy: { en: 'Send shorter messages or allow more time.', zh: '缩短消息或延长时限（expires_in、queue.deadline）' },
};

export const PAUSED_PAST_DEADLINE: Failure = {
  ok: false,
  kind: 'rate_limited',
  message: '通道限流暂停，恢复时间晚于任务时限',
  remedy: {
    en: 'The pause ends after the deadline of the message: send less to this bot, add another, or allow more time (expires_in).',
    zh: '暂停结束前消息已过期：减少发送量、增加备用目标，或延长时限（expires_in、queue.deadline）',
  },
};

export const PASSED: Failure = {
  ok: false,
  kind: 'rate_limited',
  message: '通道限流或暂停中，已转向下一个目标',
  remedy: {
    en: 'The bot is at its rate limit; add a bot, or send less to it.',
    zh: '该机器人已达到频率上限：可增加机器人或减少发送量',
  },
};

export const NEVER_SENT: Failure = {
  ok: false,
  kind: 'rate_limited',
  message: '',
  remedy: {
    en: 'The message never had its turn; see whether the bot is limited, or the server overloaded or stopping.',
    zh: '消息排队期间未轮到发送：检查机器人是否限流、服务是否过载或正在停止',
  },
};

export const CUT_OFF: Failure = {
  ok: false,
  kind: 'unknown',
  message: '正在等待平台应答，消息可能已送达',
  remedy: {
    en: 'The server stopped before the answer came; look in the group or mailbox whether the message arrived.',
    zh: '服务停止时尚未收到应答：请到群或邮箱确认是否已收到',
  },
};
