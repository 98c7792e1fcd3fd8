/** A side's mean regret after each trial, with an interval. */
export interface RegretCurve {
  readonly name: string;
  readonly points: readonly { readonly mean: number; readonly low: number; readonly high: number }[];
}

const [WIDTH, HEIGHT, LEFT, TOP, RIGHT, BOTTOM] = [760, 420, 60, 20, 20, 46];
const COLOURS = ["#1f6feb", "#d9730d", "#2da44e", "#8250df"];

/** Regret over trials as SVG, regret on a logarithmic scale. */
export function regretPlot(curves: readonly RegretCurve[]): string {
  const count = curves[0]!.points.length;
  const least = Math.max(0.01, Math.min(...curves.flatMap(({ points }) => points.map(({ low }) => low))));
  const most = Math.max(...curves.flatMap(({ points }) => points.map(({ high }) => high)));
  const x = (trial: number): number => LEFT + ((trial - 1) / (count - 1)) * (WIDTH - LEFT - RIGHT);
  const y = (value: number): number =>
    TOP + (Math.log(most / Math.max(least, value)) / Math.log(most / least)) * (HEIGHT - TOP - BOTTOM);
  const path = (values: readonly number[]): string =>
    values.map((v, i) => `${x(i + 1).toFixed(1)},${y(v).toFixed(1)}`).join(" ");
  const ticks = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2].filter((value) => value >= least && value <= most);
  const steps = [1, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100].filter((trial) => trial <= count);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12">
<title>Mean normalised regret over trials</title>
<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>
${ticks.map((v) => `<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y(v)}" y2="${y(v)}" stroke="#ddd"/><text x="${LEFT - 6}" y="${y(v) + 4}" text-anchor="end">${v}</text>`).join("\n")}
${steps.map((t) => `<text x="${x(t)}" y="${HEIGHT - BOTTOM + 18}" text-anchor="middle">${t}</text>`).join("\n")}
<text x="${(LEFT + WIDTH - RIGHT) / 2}" y="${HEIGHT - 8}" text-anchor="middle">trials</text>
<text x="14" y="${HEIGHT / 2}" transform="rotate(-90 14 ${HEIGHT / 2})" text-anchor="middle">mean normalised regret, 95 %</text>
${curves
  .map(({ name, points }, index) => {
    const colour = COLOURS[index % COLOURS.length]!;
    const band = `${path(points.map(({ high }) => high))} ${points
      .map(({ low }, i) => `${x(i + 1).toFixed(1)},${y(low).toFixed(1)}`)
      .reverse()
      .join(" ")}`;
    return `<polygon points="${band}" fill="${colour}" opacity="0.15"/><polyline points="${path(points.map(({ mean }) => mean))}" fill="none" stroke="${colour}" stroke-width="2"/><text x="${WIDTH - RIGHT - 6}" y="${TOP + 16 + 18 * index}" text-anchor="end" fill="${colour}">${name}</text>`;
  })
  .join("\n")}
</svg>
`;
}
