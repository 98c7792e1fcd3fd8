/** The file in which a folder's maker leaves its process's mark: what lies there may be removed once that process is gone, and not before. */
export const OWNER_FILE = ".slipway-owner";
