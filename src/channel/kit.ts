import { z } from 'zod';
import { type Channel, FailureError, SendError, defineChannel } from './channel.ts';
import { classifyByCode, classifyStatus, failureOf, judge, parseObject, retryAfter } from './classify.ts';
import { basicAuth } from './basic-auth.ts';
import { escapeHtml } from './text/escape-html.ts';
import { defineHttpChannel, postJson } from './http-channel.ts';
import { idList, idText } from './id.ts';
import { LEVEL_COLOURS } from './level-colours.ts';
import { LEVELS } from './level.ts';
import { breakTags, linkTarget } from './text/markdown.ts';
import { maskId } from './mask.ts';
import { plainText } from './text/plain-text.ts';
import { CHINA, untilMidnight, untilMonth } from './quota.ts';
import { rule } from './rule.ts';
import { baseUrl } from './server-address.ts';
import { acs3Headers, acs3Query } from './sign/acs3.ts';
import { tc3Authorization } from './sign/tc3.ts';
import { webhookSignature } from './sign/standard-webhook.ts';
import { dingtalkSign, dingtalkSignedUrl, feishuSign } from './sign/bot-sign.ts';
import { renderTemplate, templateText } from './template/template.ts';
import { variablesOf } from './template/template-variables.ts';
import { tokenIn } from './token-answer.ts';
import { withToken } from './token.ts';
import { webhookKey, webhookUrl } from './webhook.ts';
import { mentionWords, withWrittenMentions } from './text/written-mentions.ts';

/**
 * What a channel outside the project is given, since it can import nothing of the project: everything that the project's
 * own channels are made of. Each is described where it is defined; docs/adding-a-channel.md shows them at work.
 */
export type Kit = typeof kit;

/** What a file below `channels.path` exports as its default. */
export type UserChannel = (kit: Kit) => Channel | Promise<Channel>;

export const kit = Object.freeze({
  /** For `config`. A schema made with another copy of zod is not understood. */
  z,

  // The channel
  defineChannel,
  defineHttpChannel,
  postJson,

  // Its configuration
  webhookUrl,
  baseUrl,
  idText,
  idList,
  templateText,

  // What makes two targets the same bot
  webhookKey,

  // Rendering
  plainText,
  withWrittenMentions,
  mentionWords,
  renderTemplate,
  variablesOf,
  escapeHtml,
  breakTags,
  linkTarget,
  LEVELS,
  LEVEL_COLOURS,

  // Signing and tokens
  feishuSign,
  dingtalkSign,
  dingtalkSignedUrl,
  acs3Headers,
  acs3Query,
  tc3Authorization,
  webhookSignature,
  basicAuth,
  withToken,
  tokenIn,

  // Answers
  rule,
  classifyByCode,
  classifyStatus,
  judge,
  failureOf,
  parseObject,
  retryAfter,
  maskId,
  untilMidnight,
  untilMonth,
  CHINA,
  SendError,
  FailureError,
});
