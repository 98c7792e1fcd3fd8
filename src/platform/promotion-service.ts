// What a server lets people do with the versions of a model: see what each still lacks, approve it, move an alias to it, and move it back.

import {
  type AliasChange,
  type AliasMove,
  type Approval,
  aliasHistory,
  approveVersion,
  getVersion,
  listAliases,
  moveAlias,
  type moveRoute,
  type PromotionStanding,
  promotionStanding,
  type RouteMove,
  rollback,
  type VersionRecord,
  withdrawApproval,
} from "../registry/registry.ts";
import type { Platform } from "./open.ts";
import { routeModel, type ShownRoute, showRoute } from "./route-operations.ts";

/** Who acts: the name in the audit trail. */
export interface By {
  readonly actor: string;
}

/** What can be asked of versions and aliases while serving. */
export interface Promotions {
  aliases(model: string): ReturnType<typeof listAliases>;
  history(model: string, alias: string): Promise<readonly AliasChange[]>;
  standing(model: string, version: number, alias: string): Promise<PromotionStanding>;
  move(move: AliasMove, by: By): Promise<{ readonly from: number | null }>;
  rollback(model: string, alias: string, reason: string, by: By): ReturnType<typeof rollback>;
  approve(approval: Parameters<typeof approveVersion>[1], by: By): Promise<readonly Approval[]>;
  /** Who stands beside the champion, and the newest moves of it. */
  route(model: string): Promise<ShownRoute>;
  moveRoute(move: RouteMove, by: By): ReturnType<typeof moveRoute>;
  withdraw(approval: Parameters<typeof withdrawApproval>[1], by: By): Promise<readonly Approval[]>;
}

/** The promotions of an open platform. */
export function promotionsOf(platform: Platform): Promotions {
  const { registry } = platform;
  const as = ({ actor }: By): typeof registry => ({ ...registry, actor });
  const known = (model: string, version: number): Promise<VersionRecord> => getVersion(registry, model, version);
  return {
    aliases: (model) => listAliases(registry, model),
    history: (model, alias) => aliasHistory(registry, model, alias),
    standing: async (model, version, alias) => promotionStanding(registry, await known(model, version), alias),
    move: (move, by) => moveAlias(as(by), move),
    rollback: (model, alias, reason, by) => rollback(as(by), model, alias, reason),
    route: (model) => showRoute(platform, model),
    moveRoute: (move, by) => routeModel({ ...platform, registry: as(by) }, move),
    approve: (approval, by) => approveVersion(as(by), approval),
    withdraw: (approval, by) => withdrawApproval(as(by), approval),
  };
}
