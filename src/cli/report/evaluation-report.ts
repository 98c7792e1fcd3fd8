// An evaluation as one HTML file: no script, nothing fetched, light and dark as the reader's system is, and every name that
// somebody chose is text and nothing else.

import type { Evaluation } from "../../platform/platform.ts";
import { evaluationPlots } from "./evaluation-plots.ts";
import { forest, importanceBars, intervalText } from "./forest.ts";
import { card, counted, escaped, footer, header, page, table, told } from "./markup.ts";

/** The report as HTML. */
export function evaluationReport(evaluation: Evaluation): string {
  const { model, version } = evaluation;
  const sections = [
    head(evaluation),
    tiles(evaluation),
    `<section class="plots">${evaluationPlots(evaluation)
      .map(({ title, about, svg }) => card(title, about, svg))
      .join("")}${importance(evaluation)}${decisions(evaluation)}</section>`,
    classes(evaluation),
    slices(evaluation),
    comparisons(evaluation),
    everyFigure(evaluation),
    notes(evaluation),
  ];
  return page(`${model}@${version}: evaluation`, sections);
}

function head({ model, version, span, rows, label, task, confusion, createdAt }: Evaluation): string {
  const when = span.from === null ? "" : `${span.from.slice(0, 10)} to ${span.to?.slice(0, 10)}`;
  const mean =
    task === "binary"
      ? `${(100 * (label ?? 0)).toFixed(1)} % true`
      : confusion
        ? `${confusion.classes.length} classes`
        : `mean label ${told(label)}`;
  const chips = [`${counted(rows)} ${span.rows} rows`, when, mean, `trained ${createdAt.slice(0, 10)}`];
  return header("Evaluation", model, chips, `version ${version}`);
}

function tiles({ metrics, level, comparisons: others, task }: Evaluation): string {
  const [other] = others;
  const shown = task === "binary" || task === "multiclass" ? metrics.slice(0, 5) : metrics;
  const words = shown.map(({ title, value, interval, better }, place) => {
    const theirs = other?.metrics[place]?.value;
    const beside = other === undefined || theirs == null ? "" : `<small>${escaped(other.who)}: ${told(theirs)}</small>`;
    return `<div class="tile"><h3>${escaped(title)}</h3><p class="big">${told(value)}</p><p>${intervalText(interval)}</p>${beside}<em>${better} is better</em></div>`;
  });
  return `<section class="tiles" aria-label="${Math.round(level * 100)} % intervals by bootstrap">${words.join("")}</section>`;
}

function importance({ importance: gains }: Evaluation): string {
  if (gains.length === 0) return "";
  return card(
    "Importance",
    "Share of the total gain: how much each input's splits lessened the loss in training.",
    importanceBars(gains),
  );
}

function decisions({ decisions: told_ }: Evaluation): string {
  if (told_ === undefined) return "";
  const { threshold, chosen, confusion, costPerRow } = told_;
  const all = confusion.truePositive + confusion.falsePositive + confusion.falseNegative + confusion.trueNegative;
  const cell = (rows: number, right: boolean, words: string): string =>
    `<td class="${right ? "right" : "wrong"}" style="--share:${((100 * rows) / all).toFixed(1)}%"><b>${counted(rows)}</b><span>${words}, ${((100 * rows) / all).toFixed(1)} %</span></td>`;
  const cost = costPerRow === undefined ? "" : ` Cost per row ${told(costPerRow)}.`;
  return card(
    "Decisions",
    `A score of ${told(threshold)} or more is acted on: ${chosen}.${cost}`,
    `<table class="confusion"><tr><td></td><th scope="col">called true</th><th scope="col">called false</th></tr><tr><th scope="row">came true</th>${cell(confusion.truePositive, true, "found")}${cell(confusion.falseNegative, false, "missed")}</tr><tr><th scope="row">came false</th>${cell(confusion.falsePositive, false, "false alarms")}${cell(confusion.trueNegative, true, "left alone")}</tr></table>`,
  );
}

const MOST_CLASSES = 20;

/** Which class was called which: each row's cells as shares of the rows that came. */
function classes({ confusion }: Evaluation): string {
  if (confusion === undefined) return "";
  const { classes: all, cells } = confusion;
  const hasCells = all.length <= MOST_CLASSES;
  const head = [
    "came",
    "rows",
    "precision",
    "recall",
    "F1",
    ...(hasCells ? all.map(({ name }) => `called ${name}`) : []),
  ];
  const rows = all.map(({ name, rows: came, precision, recall, f1 }, own) => {
    const shares = (hasCells ? (cells[own] ?? []) : []).map((cell, other) => {
      const part = came > 0 ? (100 * cell) / came : 0;
      return `<td class="cell ${own === other ? "right" : "wrong"}" style="--share:${part.toFixed(1)}%">${counted(cell)}<small>${part.toFixed(1)} %</small></td>`;
    });
    return `<tr><th scope="row">${escaped(name)}</th><td>${counted(came)}</td><td>${told(precision)}</td><td>${told(recall)}</td><td>${told(f1)}</td>${shares.join("")}</tr>`;
  });
  return `<section class="wide">${card("Classes", "Each class on its own, and what the rows of it were called; a filled cell is its share of the row.", table(head, rows))}</section>`;
}

function slices({ slices: parts, metrics, task }: Evaluation): string {
  const [overall] = metrics;
  if (parts.length === 0 || overall === undefined) return "";
  const rows = parts.map((slice) => ({
    name: slice.name,
    beside: `${counted(slice.rows)} rows${task === "binary" ? `, ${(100 * (slice.label ?? 0)).toFixed(1)} % true` : slice.label === null ? "" : `, mean ${told(slice.label)}`}`,
    value: slice.metrics[0]?.value ?? null,
    interval: slice.metrics[0]?.interval ?? null,
  }));
  return `<section class="wide">${card(`Slices by ${overall.title}`, "Each part of the rows on its own, with its interval; the line is all rows together.", forest(rows, overall.value, `${overall.title} by slice`))}</section>`;
}

function comparisons({ comparisons: others }: Evaluation): string {
  const blocks = others.map(({ who, metrics, difference }) => {
    const rows = difference.map(({ title, value, interval, better }, place) => {
      const isClear = interval !== null && (interval.low > 0 || interval.high < 0);
      const verdict = !isClear
        ? "no clear difference"
        : interval.low > 0 === (better === "higher")
          ? "better"
          : "worse";
      return `<tr><th scope="row">${escaped(title)}</th><td>${told(metrics[place]?.value)}</td><td>${told(value)}</td><td>${intervalText(interval)}</td><td class="${isClear ? verdict : "same"}">${verdict}</td></tr>`;
    });
    return card(
      `Against ${who}`,
      "The same rows and the same resamples, so that the difference is known better than either figure.",
      table(["metric", "theirs", "difference", "interval", "this version is"], rows),
    );
  });
  return blocks.length === 0 ? "" : `<section class="wide pair">${blocks.join("")}</section>`;
}

function everyFigure({ metrics, level, resamples, slices: parts }: Evaluation): string {
  const head = ["rows", ...metrics.map(({ title }) => title)];
  const row = (name: string, figures: Evaluation["metrics"]): string =>
    `<tr><th scope="row">${escaped(name)}</th>${figures
      .map(({ value, interval }) => `<td>${told(value)}<small>${intervalText(interval)}</small></td>`)
      .join("")}</tr>`;
  return `<section class="wide">${card("Every figure", `With ${Math.round(level * 100)} % percentile intervals over ${counted(resamples)} bootstrap resamples.`, table(head, [row("all", metrics), ...parts.map((slice) => row(slice.name, slice.metrics))]))}</section>`;
}

function notes({ notes: texts, dataset }: Evaluation): string {
  return footer([...texts, ...(dataset === null ? [] : [`Dataset ${dataset.slice(0, 12)}`])]);
}
