// Several runs that bring the same views online: a long one is neither starved nor made to begin again by those that come while it works.

import { expect, onTestFinished, test } from "vitest";
import { applyDefinitions, describeViews, materialize, replayQuarantined } from "../../src/platform/platform.ts";
import { endOf, startChild } from "./child-process.fixture.ts";
import { day, deliveriesWorld } from "./deliveries.fixture.ts";

const VIEW = "courier_record";

/** A promise, and what fulfils it. */
function gate(): { readonly open: () => void; readonly passed: Promise<void> } {
  let open = (): void => undefined;
  const passed = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { open, passed };
}

test.each(["first", "later"] as const)(
  "a %s run of a view ends, however many others begin meanwhile: they do the other views and say who is at it",
  async (which) => {
    const world = await deliveriesWorld();
    onTestFinished(() => world.remove());
    const [begun, goOn] = [gate(), gate()];
    let isSlow = false;
    const slow = await world.open({
      engines: (engines) => {
        const wait = async (namespaces: readonly string[]): Promise<void> => {
          if (!isSlow || !namespaces.some((name) => name.startsWith(VIEW))) return;
          begun.open();
          await goOn.passed;
        };
        const online = {
          ...engines.online,
          // The writing of keys, after the run has begun.
          update: async (...args: Parameters<typeof engines.online.update>) => {
            if (args[1].length > 4) await wait([args[0]]);
            await engines.online.update(...args);
          },
          ...("updateTogether" in engines.online
            ? {
                updateTogether: async (changes: readonly { readonly namespace: string }[]) => {
                  await wait(changes.map(({ namespace }) => namespace));
                  await (engines.online as unknown as { updateTogether(all: unknown): Promise<void> }).updateTogether(
                    changes,
                  );
                },
              }
            : {}),
        };
        return { ...engines, online };
      },
    });
    await applyDefinitions(slow);
    const other = await world.open({ at: day(61) });
    if (which === "later") await materialize(slow, { to: day(30) });
    isSlow = true;
    const long = materialize(slow, { views: [VIEW] });
    await begun.passed;

    for (let run = 0; run < 5; run += 1) {
      other.goTo(day(61 + run));
      const refused = materialize(other);
      await expect(refused).rejects.toMatchObject({ code: "STATE_LOCKED", details: { view: VIEW } });
      await expect(refused).rejects.toThrow(`"${VIEW}" is being brought online by process ${process.pid}`);
    }
    await expect(materialize(slow, { views: [VIEW] })).rejects.toMatchObject({ code: "STATE_LOCKED" });
    const through = async () => new Map((await describeViews(other)).map((each) => [each.view.name, each.through]));
    expect((await through()).get("courier_last")).toBe(day(65));
    expect((await through()).get(VIEW)).toBe(which === "first" ? undefined : day(30));

    goOn.open();
    expect(await long).toMatchObject([{ view: VIEW, through: day(60) }]);
    expect((await through()).get(VIEW)).toBe(day(60));
    await materialize(other);
    expect((await through()).get(VIEW)).toBe(day(65));
    expect(await replayQuarantined(other)).toEqual([]);
  },
  60_000,
);

test("a run that was killed is in nobody's way", { timeout: 60_000 }, async () => {
  const world = await deliveriesWorld();
  onTestFinished(() => world.remove());
  const platform = await world.open();
  await applyDefinitions(platform);
  const script = `
    const platform = await openPlatform(worldOptions(root, {
      engines: (engines) => ({
        ...engines,
        online: { ...engines.online, updateTogether: async () => { await say("begun"); await new Promise(() => setInterval(() => undefined, 1000)); } },
      }),
    }));
    await materialize(platform, { views: ["${VIEW}"] });`;
  const child = startChild(world.root, script);
  const end = await endOf(child, async (line) => {
    if (line !== "begun") return;
    await expect(materialize(platform, { views: [VIEW] })).rejects.toThrow(`by process ${child.pid}`);
    child.kill("SIGKILL");
  });
  expect([end.signal, end.complaints]).toEqual(["SIGKILL", ""]);
  expect(await materialize(platform, { views: [VIEW] })).toMatchObject([{ view: VIEW, through: day(60) }]);
});
