import { alertsOf } from "../../platform/platform.ts";
import { aboutText, alertDocument, alertTable, standingText } from "../alert-lines.ts";
import type { CommandContext } from "../run-command.ts";
import { withPlatform } from "../with-platform.ts";
import { instantText, momentText } from "../words.ts";

/** `slipway alerts show <alert>` */
export async function run(context: CommandContext, _options: object, reference: string): Promise<void> {
  await withPlatform(context, async (platform) => {
    const { alert, steps, incident } = await alertsOf(platform).show(reference);
    const others = incident.alerts.filter(({ id }) => id !== alert.id);
    const document = {
      ...alertDocument(alert),
      steps: steps.map(({ at, ...step }) => ({ at: instantText(at), ...step })),
      incident: {
        ...incident,
        openedAt: instantText(incident.openedAt),
        resolvedAt: instantText(incident.resolvedAt) ?? null,
        alerts: incident.alerts.map(({ id }) => id),
      },
    };
    const version = alert.version === null ? "" : `, version ${alert.version}`;
    context.output.show(document, [
      `${alert.severity}: ${aboutText(alert)} in ${alert.model}${version}, found by ${alert.monitor}; ${standingText(alert)}`,
      `Looked at ${momentText(alert.windowFrom)} to ${momentText(alert.windowTo)}; found in ${alert.timesSeen} looks, last at ${momentText(alert.seenAt)}.`,
      `Evidence: ${JSON.stringify(alert.evidence)}`,
      {
        columns: ["when", "who", "what", "note"],
        rows: steps.map(({ at, actor, change, note }) => [momentText(at), actor, change, note]),
      },
      ...(others.length === 0 ? [] : ["In the same incident:", alertTable(others)]),
    ]);
  });
}
