/** One sample of the demo: a request of the API, and what there is to see. */
export interface Sample {
  readonly shows: string;
  readonly push: {
    readonly recipient_alias: string;
    readonly content: { readonly title: string; readonly [key: string]: unknown };
    readonly [key: string]: unknown;
  };
}

/** Thirty hosts with a line each: more than the 2048 bytes of a WeCom text. */
const PATROL = Array.from({ length: 30 }, (_, i) => {
  const host = `app-${String(i + 1).padStart(2, '0')}`;
  const cpu = 20 + ((i * 37) % 60);
  const disk = 40 + ((i * 23) % 50);
  return `${host}.prod：CPU ${cpu}%，内存 ${30 + ((i * 29) % 55)}%，磁盘 ${disk}%，${disk > 80 ? '磁盘偏高，请关注' : '正常'}，上次重启 ${1 + ((i * 7) % 40)} 天前`;
}).join('\n');

/** Alerts of an ordinary night. Bots and recipients are those of config/demo.yaml. */
export const SAMPLES: readonly Sample[] = [
  {
    shows: 'failover: the first bot takes it, nobody else is bothered',
    push: {
      recipient_alias: 'ops_alert',
      type: 'warning',
      strategy: 'failover',
      style: 'text',
      content: { title: 'CPU 使用率过高', msg: '主机 web-03 CPU 使用率 92%，已持续 5 分钟' },
    },
  },
  {
    shows: 'all: every target at once; DingTalk is down, so the outcome is partial, and says why',
    push: {
      recipient_alias: 'ops_alert',
      type: 'error',
      strategy: 'all',
      style: 'card',
      content: {
        title: '数据库连接数超过阈值',
        msg: '订单库 order-db-01 连接数 150/100，新连接开始被拒绝',
        fields: [
          { name: '实例', value: 'order-db-01' },
          { name: '连接数', value: '150 / 100' },
        ],
        url: 'https://grafana.demo.example/d/mysql',
      },
      mentions: { all: true },
    },
  },
  {
    shows: 'webhook_failover: one bot of each platform',
    push: {
      recipient_alias: 'ops_alert',
      type: 'warning',
      strategy: 'webhook_failover',
      style: 'card',
      content: { title: '磁盘空间不足', msg: '主机 log-01 分区 /data 使用率 91%，预计 6 小时后写满' },
    },
  },
  {
    shows: 'mixed: DingTalk is down, so all bots of the next platform',
    push: {
      recipient_alias: 'release',
      type: 'info',
      strategy: 'mixed',
      style: 'card',
      content: {
        title: '发布完成：订单服务 v2.3.1',
        msg: '**灰度 100%**\n\n- 错误率 0.02%\n- P99 延迟 85 ms',
        format: 'markdown',
        url: 'https://ci.demo.example/order/2.3.1',
      },
    },
  },
  {
    shows: 'platform: e-mail only, as HTML with a text part',
    push: {
      recipient_alias: 'ops_alert',
      type: 'warning',
      platform: 'email',
      style: 'card',
      content: {
        title: '证书即将到期',
        msg: '域名 api.demo.example 的证书将在 7 天后到期，请尽快续签',
        fields: [{ name: '到期时间', value: '2026-01-31 08:00' }],
      },
    },
  },
  {
    shows: 'a wrong secret: Feishu answers 19021 inside an HTTP 200; failover goes on all the same',
    push: {
      recipient_alias: 'dba',
      type: 'error',
      strategy: 'failover',
      style: 'card',
      content: { title: '主从复制延迟', msg: 'order-db-02 落后主库 320 秒，读流量已切回主库' },
    },
  },
  {
    shows: 'a long message: WeCom takes 2048 bytes, so it arrives in parts (i/n)',
    push: {
      recipient_alias: 'ops_alert',
      type: 'info',
      platform: 'wechat',
      style: 'text',
      content: { title: '夜间巡检报告', msg: PATROL },
    },
  },
  {
    shows: 'nobody can be reached: the last line of defence raises a notice',
    push: {
      recipient_alias: 'night_shift',
      type: 'error',
      strategy: 'all',
      style: 'card',
      content: { title: '备份失败', msg: '全量备份任务 backup-full 在 02:13 失败：对象存储返回 403' },
    },
  },
  {
    shows: 'platform system: a notice on purpose',
    push: {
      recipient_alias: 'ops_alert',
      type: 'info',
      platform: 'system',
      style: 'text',
      content: { title: '变更窗口开始', msg: '02:00-04:00 核心交换机升级，期间的网络告警请先核对变更单' },
    },
  },
  {
    shows: 'the same night, seen by the group: recovered',
    push: {
      recipient_alias: 'ops_alert',
      type: 'info',
      strategy: 'failover',
      style: 'card',
      content: { title: '已恢复：CPU 使用率', msg: '主机 web-03 CPU 使用率回落到 35%，共持续 12 分钟' },
    },
  },
];

/** Every push of the burst goes to one bot that may take one message a second. */
export const BURST: readonly Sample['push'][] = Array.from({ length: 12 }, (_, i) => ({
  recipient_alias: 'business',
  type: 'warning',
  style: 'text',
  content: {
    title: `接口超时 ${i + 1}/12`,
    msg: `支付网关 pay-${String(i + 1).padStart(2, '0')} 响应超过 3 秒`,
  },
}));

export const BURST_SHOWS = 'a burst of 12 at a bot limited to one a second: the rest is folded into one digest';
