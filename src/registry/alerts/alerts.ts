// The door of alerts inside the registry.

export type { Alert, AlertStep } from "./alert.ts";
export { type AlertAnswer, answerAlert, answerForDecision } from "./answer.ts";
export { deliverAlerts, type Tell, type Told } from "./deliver.ts";
export { type AlertDelivery, type DeliveryFilter, listDeliveries, retryDeliveries } from "./deliveries.ts";
export { type AlertFilter, alertId, alertTimes, listAlerts, type ShownAlert, showAlert } from "./find.ts";
export {
  type AlertPolicy,
  clearAlerts,
  type LookedFor,
  type NewAlert,
  type RecordedAlert,
  recordAlert,
} from "./record.ts";
