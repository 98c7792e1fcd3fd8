// The door of `access`: who may do what. People and programs are users with one key and one role; what they make they manage, and what
// others made they may change as far as it was given to them. Without a user there is no sign-in, which is for one person on one machine.

export type { AccessContext } from "./context.ts";
export {
  defaultPermission,
  experimentNamed,
  experimentOf,
  giveAccess,
  permissionOn,
  setDefaultPermission,
  takeAccess,
} from "./grants.ts";
export { type Permission, permissions, type Thing } from "./permissions.ts";
export { type Action, actions, mayDo } from "./roles.ts";
export { type Credentials, isSignInNeeded, type Person, signIn } from "./sign-in.ts";
export { addUser, listUsers, newKeyFor, removeUser, setRole, type User } from "./users.ts";
