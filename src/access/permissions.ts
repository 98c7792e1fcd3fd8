/** What may be done with a thing: not even look at it, look, change it, or also delete it. */
export type Permission = "none" | "read" | "edit" | "manage";

/** Every permission, from the least to the most. */
export const permissions: readonly Permission[] = ["none", "read", "edit", "manage"];

/** A thing that belongs to someone, or several at once. */
export interface Thing {
  readonly kind:
    | "experiment"
    | "run"
    | "loggedModel"
    | "model"
    /** Whatever lies in an experiment, by whomever. */
    | "contents"
    /** Whatever there is; its id is empty. */
    | "everything";
  readonly id: string;
}
