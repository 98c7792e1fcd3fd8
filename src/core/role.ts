/** What a person or a program may do; docs/access.md says what each means. */
export type Role = "viewer" | "service" | "editor" | "approver" | "admin";

/** Every role, from the least to the most trusted. */
export const roles: readonly Role[] = ["viewer", "service", "editor", "approver", "admin"];
