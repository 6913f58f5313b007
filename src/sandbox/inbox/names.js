/** How platforms and bots are called. `info` is the answer of `/_sandbox/info`. */

export const platformOf = ({ platforms }, name) =>
  platforms.find((p) => p.name === name) ?? { name, label: name, colour: '#64748b' };

/** The name a bot was declared with, else its token. */
export function botOf({ bots }, { platform, token }) {
  const declared = bots.find((bot) => bot.platform === platform && bot.token === token);
  return declared?.name ?? token;
}

export const LEVELS = { error: '错误', warning: '警告', info: '通知' };

export const time = (at) => new Date(at).toLocaleTimeString('zh-CN', { hour12: false });
