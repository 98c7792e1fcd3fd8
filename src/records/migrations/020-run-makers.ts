/** Whose a run is: a user's, as long as that user is there, and not whoever's who bears the name of the one who began it. */
export function runMakerColumn(): readonly string[] {
  return [
    "alter table runs add column made_by text references users (name) on delete set null",
    // Of what was there, a user's are those that a client began once the user had been added.
    `update runs set made_by = actor where kind = 'tracked'
      and exists (select 1 from users where users.name = runs.actor and users.created_at <= runs.started_at)`,
  ];
}
