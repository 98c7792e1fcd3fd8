/** Where a delivery stands. */
export type DeliveryStatus = "waiting" | "delivered" | "failed";

/** Tables about who is told of changes. */
export interface WebhookTables {
  readonly webhooks: {
    readonly id: string;
    readonly name: string;
    readonly url: string;
    readonly description: string | null;
    readonly status: "active" | "disabled";
    /** Null, but for what an earlier release left here and no server has sealed yet. */
    readonly secret: string | null;
    /** What deliveries are signed with, encrypted; never shown to anybody. */
    readonly sealed_secret: string | null;
    readonly created_at: number;
    readonly updated_at: number;
  };
  /** `event`: `entity.action`. */
  readonly webhook_events: { readonly webhook_id: string; readonly event: string };
  readonly webhook_deliveries: {
    readonly id: string;
    readonly webhook_id: string;
    readonly event: string;
    /** The bytes that are sent, the same at every attempt. */
    readonly body: string;
    readonly status: DeliveryStatus;
    readonly attempts: number;
    /** Not to be tried before this. */
    readonly next_at: number;
    readonly at: number;
    /** Why the last attempt failed. */
    readonly problem: string | null;
  };
}
