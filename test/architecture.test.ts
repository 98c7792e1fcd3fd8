// Holds src/ to ARCHITECTURE.md: the room table there is the rule, and this reads it there. Biome's formatting makes the text
// regular enough (one import statement per line start, double quotes) that imports can be found without a parser.

import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));
const source = join(root, "src");

interface Room {
  readonly name: string;
  readonly rooms: readonly string[];
  readonly packages: readonly string[];
}

interface Import {
  readonly file: string;
  readonly line: number;
  readonly specifier: string;
}

function roomTable(): readonly Room[] {
  const text = readFileSync(join(root, "ARCHITECTURE.md"), "utf8");
  const [, rows = ""] = /^\| room \|.*\n\| ---.*\n((?:\|.*\n)+)/m.exec(text) ?? [];
  const names = (cell = ""): string[] => [...cell.matchAll(/`([^`]+)`/g)].map(([, name]) => name ?? "");
  return rows
    .split("\n")
    .filter(Boolean)
    .map((row) => {
      const [, room, , rooms, packages] = row.split("|");
      return { name: names(room)[0] ?? row, rooms: names(rooms), packages: names(packages) };
    });
}

const files = readdirSync(source, { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".ts"))
  .map((file) => file.split(sep).join("/"))
  .sort();
const isTest = (file: string): boolean => /\.(test|test-d|contract|fixture)\.ts$/.test(file);
const lasting = files.filter((file) => !isTest(file));
const textOf = (file: string): string => readFileSync(join(source, file), "utf8");
const roomOf = (file: string): string => file.split("/")[0] ?? "";

const STATIC = /^(?:import|export)\b[^;"'`]*?from "([^"]+)"|^import "([^"]+)"/gm;
const DYNAMIC = /\bimport\(\s*"([^"]+)"\s*\)/g;

function importsOf(file: string): readonly Import[] {
  const text = textOf(file);
  return [...text.matchAll(STATIC), ...text.matchAll(DYNAMIC)].map((match) => ({
    file,
    line: text.slice(0, match.index).split("\n").length,
    specifier: match[1] ?? match[2] ?? "",
  }));
}

/** The file of src/ that an import means, or undefined for a package. */
function targetOf({ file, specifier }: Import): string | undefined {
  if (!specifier.startsWith(".")) return undefined;
  return relative(source, resolve(source, dirname(file), specifier))
    .split(sep)
    .join("/");
}

function packageOf(specifier: string): string {
  return specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");
}

function isDoor(target: string, from: string): boolean {
  const [room, tech, file, deeper] = target.split("/");
  if (room === "engines") return file === `${tech}.ts` && deeper === undefined;
  // An engine stands behind one port, and names that port's own file.
  if (room === "ports" && roomOf(from) === "engines") return true;
  return tech === `${room}.ts` && file === undefined;
}

const place = ({ file, line, specifier }: Import): string => `src/${file}:${line} imports ${specifier}`;
const table = roomTable();
const byName = new Map(table.map((room) => [room.name, room]));
const imports = lasting.flatMap(importsOf);

describe("the room table of ARCHITECTURE.md", () => {
  test("lists every room of src/ and no other", () => {
    expect(table.map((room) => room.name).sort()).toEqual([...new Set(lasting.map(roomOf))].sort());
  });

  test("names only rooms that it lists", () => {
    const unknown = table.flatMap((room) =>
      room.rooms.filter((name) => !byName.has(name)).map((name) => `${room.name}: ${name}`),
    );
    expect(unknown).toEqual([]);
  });

  test("permits every import between rooms", () => {
    const forbidden = imports.filter((each) => {
      const target = targetOf(each);
      if (target === undefined || roomOf(target) === roomOf(each.file)) return false;
      return !byName.get(roomOf(each.file))?.rooms.includes(roomOf(target));
    });
    expect(forbidden.map(place)).toEqual([]);
  });

  test("permits every package", () => {
    const forbidden = imports.filter(({ file, specifier }) => {
      if (specifier.startsWith(".") || specifier.startsWith("node:")) return false;
      return !byName.get(roomOf(file))?.packages.includes(packageOf(specifier));
    });
    expect(forbidden.map(place)).toEqual([]);
  });

  test("permits nothing that no file uses", () => {
    const used = new Set(
      imports.map((each) => `${roomOf(each.file)}: ${roomOf(targetOf(each) ?? "") || packageOf(each.specifier)}`),
    );
    const permitted = table.flatMap((room) => [...room.rooms, ...room.packages].map((name) => `${room.name}: ${name}`));
    expect(permitted.filter((each) => !used.has(each))).toEqual([]);
  });
});

describe("contracts", () => {
  const isContract = (file: string): boolean => file.endsWith(".contract.ts");

  test("need no more than their room may import, and vitest: they are published", () => {
    const permitted = [
      ...(byName.get("ports")?.rooms ?? []),
      ...(byName.get("ports")?.packages ?? []),
      "vitest",
      "ports",
    ];
    const forbidden = files
      .filter(isContract)
      .flatMap(importsOf)
      .filter((each) => {
        if (each.specifier.startsWith("node:")) return false;
        const target = targetOf(each);
        if (target !== undefined && isTest(target)) return !isContract(target);
        return !permitted.includes(target === undefined ? packageOf(each.specifier) : roomOf(target));
      });
    expect(forbidden.map(place)).toEqual([]);
  });

  test("are all exported by `testing`, and nothing else that runs names them", () => {
    const named = imports.filter((each) => isContract(targetOf(each) ?? ""));
    expect(named.filter(({ file }) => file !== "testing/testing.ts").map(place)).toEqual([]);
    expect(named.map(targetOf).sort()).toEqual(files.filter(isContract));
  });
});

/** The one fixture that other rooms' tests may name: what all of them keep their records in. */
const SHARED_FIXTURE = "records/database.fixture.ts";

describe("inside src/", () => {
  test("another room is entered by its door", () => {
    const around = files.flatMap(importsOf).filter((each) => {
      const target = targetOf(each);
      if (target === undefined || roomOf(target) === roomOf(each.file) || target.endsWith(".contract.ts")) return false;
      return !isDoor(target, each.file) && !(isTest(each.file) && target === SHARED_FIXTURE);
    });
    expect(around.map(place)).toEqual([]);
  });

  test("one engine knows nothing of another", () => {
    const across = imports.filter((each) => {
      const target = targetOf(each);
      if (target === undefined || roomOf(each.file) !== "engines" || roomOf(target) !== "engines") return false;
      return target.split("/")[1] !== each.file.split("/")[1];
    });
    expect(across.map(place)).toEqual([]);
  });

  test("relative imports stay inside and name a file with its ending", () => {
    const wrong = files.flatMap(importsOf).filter((each) => {
      const target = targetOf(each);
      return target !== undefined && !files.includes(target);
    });
    expect(wrong.map(place)).toEqual([]);
  });

  test("time, randomness and environment are arguments, except in engines/system and cli", () => {
    const AMBIENT = /\b(Date\.now\(|new Date\(\)|setTimeout\(|setInterval\(|Math\.random\(|process\.env\b)/;
    const found = lasting
      .filter((file) => !file.startsWith("engines/system/") && !file.startsWith("cli/"))
      .flatMap((file) =>
        textOf(file)
          .split("\n")
          .map((text, index) => ({ text: text.replace(/\/\/.*|^\s*\*.*/, ""), at: `src/${file}:${index + 1}` }))
          .filter(({ text }) => AMBIENT.test(text))
          .map(({ text, at }) => `${at} ${text.trim()}`),
      );
    expect(found).toEqual([]);
  });

  test("files are small: none over 600 lines, half within 120, nine of ten within 350", () => {
    const lengths = lasting
      .map((file) => ({ file, lines: textOf(file).split("\n").length - 1 }))
      .sort((a, b) => a.lines - b.lines);
    const at = (share: number): number => lengths[Math.floor((lengths.length - 1) * share)]?.lines ?? 0;
    expect(lengths.filter(({ lines }) => lines > 600)).toEqual([]);
    expect(at(0.5)).toBeLessThanOrEqual(120);
    expect(at(0.9)).toBeLessThanOrEqual(350);
  });

  test("a file over 60 lines begins by saying how to think about it", () => {
    const silent = lasting.filter(
      (file) => textOf(file).split("\n").length > 60 && !/^(#!.*\n)?\/[/*]/.test(textOf(file)),
    );
    expect(silent).toEqual([]);
  });

  test("every declared export has a doc comment", () => {
    const DECLARATION = /^export (?:declare |async |abstract )?(?:function|const|interface|type|class) (\w+)/;
    const bare = lasting.flatMap((file) => {
      const lines = textOf(file).split("\n");
      return lines.flatMap((line, index) => {
        const [, name] = DECLARATION.exec(line) ?? [];
        const documented =
          lines[index - 1]?.trim().endsWith("*/") || lines[index - 1]?.startsWith(`export function ${name}(`);
        return name === undefined || documented ? [] : [`src/${file}:${index + 1} ${name}`];
      });
    });
    expect(bare).toEqual([]);
  });

  test("there are no drawers", () => {
    expect(files.filter((file) => /(^|[/-])(utils?|helpers?|managers?|common|misc)\b/.test(file))).toEqual([]);
  });
});

test("benches know the package by its public doors alone, so that they measure what users have and share no chance with it", () => {
  const bench = join(root, "bench");
  const inside = readdirSync(bench, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts"))
    .filter((file) => /from "(?:\.\.\/)+src\//.test(readFileSync(join(bench, file), "utf8")));
  expect(inside).toEqual([]);
});
