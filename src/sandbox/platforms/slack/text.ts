/** Slack's own markup: docs.slack.dev/messaging/formatting-message-text. A token in angle brackets, unescaped. */
const TOKEN = /<([@#!]?)([^<>|]+)(?:\|([^<>]*))?>/g;

/** What a reader sees of `text` or `mrkdwn`: names and labels instead of tokens, entities resolved once. */
export function slackPlain(text: string): string {
  return entities(text.replaceAll(TOKEN, (_, sign: string, id: string, label = '') => shown(sign, id, label)));
}

/** The same as Markdown: one asterisk is bold, one tilde strikes, links keep their address. */
export function slackMarkdown(text: string): string {
  const linked = text.replaceAll(TOKEN, (_, sign: string, id: string, label = '') =>
    sign === '' && label !== '' ? `[${label}](${id})` : shown(sign, id, label),
  );
  return entities(
    linked
      .replaceAll(/(?<![\w*])\*([^*\n]+)\*(?![\w*])/g, '**$1**')
      .replaceAll(/(?<![\w~])~([^~\n]+)~(?![\w~])/g, '~~$1~~'),
  );
}

/** Who is called: ids of users and groups; `all` for the channel, `here` for those present. */
export function slackMentions(text: string): string[] {
  return [...text.matchAll(TOKEN)].flatMap(([, sign, id = '']) => {
    if (sign === '@') return [id];
    if (sign !== '!') return [];
    if (id.startsWith('subteam^')) return [id.slice('subteam^'.length)];
    return id === 'here' ? ['here'] : id === 'channel' || id === 'everyone' ? ['all'] : [];
  });
}

/** The links with a label; a bare address is shown as it is. */
export function slackLinks(text: string): { text: string; url: string }[] {
  return [...text.matchAll(TOKEN)].flatMap(([, sign, url = '', label = '']) =>
    sign === '' && label !== '' ? [{ text: entities(label), url: entities(url) }] : [],
  );
}

function shown(sign: string, id: string, label: string): string {
  if (sign === '') return label === '' ? id : label;
  if (sign !== '!') return `${sign}${label === '' ? id : label.replace(/^[@#]/, '')}`;
  if (id.startsWith('date^')) return label;
  return `@${label === '' ? id.replace('subteam^', '') : label.replace(/^@/, '')}`;
}

/** Exactly three are escaped. */
function entities(text: string): string {
  return text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
}
