// An engine must: send only to what is public or expressly allowed, whatever a name resolves to at that moment; connect to the very address
// that it has checked; follow no redirect; send nothing of its own but what HTTP needs; and end within its time, reading only so much.

/** What to send. */
export interface OutboundRequest {
  /** An http or https address that somebody else has given. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What came back. */
export interface OutboundAnswer {
  readonly status: number;
  /** By their names in small letters. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** The beginning of it, at most 64 KiB. */
  readonly body: string;
}

/** Requests to addresses that users give: the one way out of Slipway for them. */
export interface Outbound {
  /** Refuses an address that nothing would be sent to. A name that cannot be resolved now passes. Throws ADDRESS_REFUSED. */
  check(url: string): Promise<void>;
  /** Sends by POST and gives the status of the answer, whose body nobody is told. Throws ADDRESS_REFUSED, or ADDRESS_UNREACHABLE. */
  post(request: OutboundRequest): Promise<{ readonly status: number }>;
  /**
   * Does the same and gives all of the answer: for addresses of whoever runs the server, who may know what is there. A GET has an empty body.
   * Throws as `post` does.
   */
  call(request: OutboundRequest & { readonly method?: "GET" | "POST" }): Promise<OutboundAnswer>;
  /** The addresses of a host, each permitted, for a connection that is not HTTP. Throws ADDRESS_REFUSED, or ADDRESS_UNREACHABLE. */
  addresses(host: string): Promise<readonly string[]>;
}
