// How a report looks: two sets of colours under the same names, and nothing that has to be fetched.

/** The report's style sheet. */
export const reportStyle = `
:root{--paper:#f5f6f8;--card:#fff;--ink:#16202c;--soft:#5b6877;--line:#e3e7ec;--main:#2563eb;--wash:#2563eb1a;--good:#0f8a5f;--bad:#c2410c;--shade:0 1px 2px #0f172a14,0 6px 20px #0f172a0a}
@media (prefers-color-scheme:dark){:root{--paper:#0e1319;--card:#161d26;--ink:#e7edf4;--soft:#93a1b1;--line:#26303c;--main:#6ea8ff;--wash:#6ea8ff22;--good:#4fd1a1;--bad:#fb923c;--shade:none}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;font-variant-numeric:tabular-nums}
main{max-width:1240px;margin:0 auto;padding:36px 24px 56px}
header{margin-bottom:24px}
.eyebrow{margin:0;color:var(--main);font-weight:600;font-size:12px;letter-spacing:.09em;text-transform:uppercase}
h1{margin:2px 0 12px;font-size:34px;line-height:1.15;letter-spacing:-.02em;overflow-wrap:anywhere}
h1 span{margin-left:12px;color:var(--soft);font-weight:400;font-size:22px;letter-spacing:0}
h2{margin:0;font-size:16px;letter-spacing:-.005em;overflow-wrap:anywhere}
h3{margin:0;font-size:13px;font-weight:500;color:var(--soft)}
.chips{margin:0;display:flex;flex-wrap:wrap;gap:8px}
.chips span{padding:3px 11px;border:1px solid var(--line);border-radius:99px;background:var(--card);font-size:13px;color:var(--soft)}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(180px,1fr));gap:14px;margin-bottom:14px}
.tile,figure{margin:0;padding:18px 20px;border:1px solid var(--line);border-radius:14px;background:var(--card);box-shadow:var(--shade)}
.tile p{margin:0;color:var(--soft);font-size:13px}
.tile .big{color:var(--ink);font-size:30px;font-weight:650;line-height:1.25;letter-spacing:-.02em}
.tile small{display:block;margin-top:6px;font-size:12px;color:var(--soft)}
.tile em{font-style:normal;font-size:11px;color:var(--soft);opacity:.75}
.plots{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(340px,100%),1fr));gap:14px}
.wide{margin-top:14px;display:grid;gap:14px;grid-template-columns:minmax(0,1fr)}
.pair{grid-template-columns:repeat(auto-fit,minmax(min(480px,100%),1fr))}
figcaption p{margin:3px 0 12px;color:var(--soft);font-size:13px;max-width:75ch}
svg{display:block;width:100%;height:auto;overflow:visible;font-family:inherit}
.grid{stroke:var(--line)}
.tick{fill:var(--soft);font-size:11px}
.axis{fill:var(--soft);font-size:12px}
.label{fill:var(--ink);font-size:12.5px}
.curve{fill:none;stroke:var(--main);stroke-width:2.5;stroke-linejoin:round}
.thin{stroke-width:1.5;opacity:.6}
.dashed{stroke-dasharray:5 4}
.dotted{stroke-dasharray:1.5 4}
.rule{fill:none;stroke:var(--soft);stroke-dasharray:3 4;opacity:.8}
.fill{fill:var(--wash)}
.dot{fill:var(--main);stroke:var(--card);stroke-width:1.5}
.speck{fill:var(--main);opacity:.35}
.speck.none{fill:var(--soft)}.tone0,.tone1,.tone2,.tone3,.tone4{opacity:.9}
.tone0{fill:color-mix(in srgb,var(--main) 22%,var(--line))}.tone1{fill:color-mix(in srgb,var(--main) 45%,var(--line))}.tone2{fill:color-mix(in srgb,var(--main) 75%,var(--bad) 10%)}.tone3{fill:color-mix(in srgb,var(--bad) 60%,var(--main))}.tone4{fill:var(--bad)}
.wide+.plots{margin-top:14px}
.faint{stroke-width:1;opacity:.16}
.bar.up{fill:var(--bad)}.bar.down{fill:var(--main)}
.dot.pruned{fill:var(--soft)}.dot.failed{fill:var(--bad)}
.bar{fill:var(--main);opacity:.85}
.whisker{stroke:var(--main);stroke-width:4;stroke-linecap:round;opacity:.35}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:13.5px}
th,td{padding:7px 10px;text-align:right;border-bottom:1px solid var(--line);white-space:nowrap}
th{font-weight:500;color:var(--soft)}
th[scope=row],thead th:first-child{text-align:left;color:var(--ink)}
tbody tr:last-child>*{border-bottom:0}
td small{display:block;color:var(--soft);font-size:11.5px}
.better{color:var(--good);font-weight:600}.worse{color:var(--bad);font-weight:600}.same{color:var(--soft)}
.confusion{border-collapse:separate;border-spacing:8px;table-layout:fixed}
.confusion th{border:0;text-align:center;white-space:normal}
.confusion td{border:0;border-radius:10px;text-align:center;white-space:normal;padding:20px 8px}
.confusion td:first-child:empty{padding:0}
.confusion .right{background:color-mix(in srgb,var(--good) calc(8% + .3*var(--share)),transparent)}
.confusion .wrong{background:color-mix(in srgb,var(--bad) calc(8% + .3*var(--share)),transparent)}
.confusion b{display:block;font-size:21px;font-weight:650}
.confusion span{font-size:12px;color:var(--soft)}
.cell.right{background:color-mix(in srgb,var(--good) calc(.35*var(--share)),transparent)}
.cell.wrong{background:color-mix(in srgb,var(--bad) calc(.35*var(--share)),transparent)}
.past{fill:var(--soft);opacity:.38}
.moved.curve{stroke:var(--bad)}.moved.bar{fill:var(--bad)}
.key{margin:6px 0 0;color:var(--soft);font-size:12px;display:flex;align-items:center;gap:6px}
.key-before,.key-now{width:12px;height:10px;border-radius:2px;background:var(--soft);opacity:.45}
.key-now{margin-left:10px;background:var(--main);opacity:1}.key-now.moved{background:var(--bad)}
.alarm{fill:var(--bad)}.calm{fill:var(--good);opacity:.35}.near{fill:var(--bad)}
.timeline{min-width:760px}
.part{margin:26px 2px 12px;font-size:20px}
.big.better{color:var(--good)}.big.worse{color:var(--bad)}
footer{margin-top:22px;color:var(--soft);font-size:12.5px}
footer p{margin:0}
@media print{body{background:#fff}.tile,figure{break-inside:avoid;box-shadow:none}}
`;
