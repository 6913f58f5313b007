import { batch } from './batch.ts';
import { docs, docsFile } from './docs.ts';
import {
  clearNotifications,
  getNotification,
  listNotifications,
  notificationStatistics,
  readAllNotifications,
  readNotification,
  removeNotification,
} from './notifications.ts';
import { health, metrics, openapi, ready } from './ops.ts';
import { listPlatforms } from './platforms.ts';
import { preview, push } from './push.ts';
import { listRecipients } from './recipients.ts';
import type { Route } from './route.ts';
import { statistics } from './statistics.ts';
import { getTask, listTasks } from './tasks.ts';

/** Every endpoint. The first that fits a path wins, so fixed names stand before parameters. */
export const routes: readonly Route[] = [
  push,
  batch,
  preview,
  getTask,
  listTasks,
  statistics,
  listNotifications,
  clearNotifications,
  notificationStatistics,
  readAllNotifications,
  getNotification,
  readNotification,
  removeNotification,
  listPlatforms,
  listRecipients,
  health,
  ready,
  metrics,
  openapi,
  docs,
  docsFile,
];
