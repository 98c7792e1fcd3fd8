// Alerts as people and programs deal with them: which there are, what one is about, and what is said to it.

import {
  type Alert,
  type AlertAnswer,
  type AlertDelivery,
  type AlertFilter,
  alertId,
  answerAlert,
  type DeliveryFilter,
  listAlerts,
  listDeliveries,
  retryDeliveries,
  type ShownAlert,
  showAlert,
} from "../registry/registry.ts";
import type { Platform } from "./open.ts";
import type { By } from "./promotion-service.ts";

/** What can be asked of alerts, and said to them. An alert is meant by its id, or the start or the end of it. */
export interface Alerts {
  /** The same as a user sees it: without what is kept from that user. */
  seenBy(user: string | undefined): Alerts;
  list(filter: AlertFilter): Promise<readonly Alert[]>;
  show(reference: string): Promise<ShownAlert>;
  answer(reference: string, answer: AlertAnswer, by?: By): Promise<Alert>;
  /** What channels were told, are still to be told, and could not be told. */
  deliveries(filter: DeliveryFilter): Promise<readonly AlertDelivery[]>;
  /** Has one delivery tried again from the start, or every one that is `dead`; gives how many. */
  retry(which: string | "dead", by?: By): Promise<number>;
}

/** The alerts of an open platform. */
export function alertsOf({ registry }: Pick<Platform, "registry">): Alerts {
  return {
    seenBy: (user) =>
      user === undefined ? alertsOf({ registry }) : alertsOf({ registry: { ...registry, onlooker: user } }),
    list: (filter) => listAlerts(registry, filter),
    show: (reference) => showAlert(registry, reference),
    answer: async (reference, answer, by) =>
      answerAlert({ ...registry, ...by }, await alertId(registry, reference), answer),
    deliveries: (filter) => listDeliveries(registry, filter),
    retry: (which, by) => retryDeliveries({ ...registry, ...by }, which),
  };
}
