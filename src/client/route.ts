/** What may accompany a question about routes. */
export interface RouteOptions {
  readonly signal?: AbortSignal;
}

/** A version that answers a share of the predictions. */
export interface ClientCanary {
  readonly version: number;
  /** How many of a hundred predictions it answers. */
  readonly weight: number;
}

/** How a model is routed. */
export interface ClientRoute {
  readonly model: string;
  readonly champion: number | null;
  readonly canary: ClientCanary | null;
  /** The version that is asked the same and never heard. */
  readonly shadow: number | null;
  /** One more with every move. */
  readonly revision: number;
  /** In ISO 8601; null when it never moved. */
  readonly movedAt: string | null;
  /** The newest moves, newest first. */
  readonly moves: readonly {
    readonly at: string;
    readonly actor: string;
    readonly from: { readonly canary: ClientCanary | null; readonly shadow: number | null };
    readonly to: { readonly canary: ClientCanary | null; readonly shadow: number | null };
    readonly reason: string;
    readonly revision: number;
  }[];
}

/** How to move a route, and why. */
export interface ClientRouteMove {
  /** null ends it; left out it stays. */
  readonly canary?: ClientCanary | null;
  /** null ends it; left out it stays. */
  readonly shadow?: number | null;
  readonly reason: string;
  /** Move it only if this is its revision now. */
  readonly expect?: number;
}

/** Where a model's route is asked for and moved. */
export function routePath(model: string): string {
  return `/api/v1/models/${encodeURIComponent(model)}/route`;
}
