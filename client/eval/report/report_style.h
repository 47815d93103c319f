// client/eval/report/report_style.h
// The looks of report_page.h: one style sheet, in the page itself, for its pictures too.
#ifndef ASSAY_CLIENT_EVAL_REPORT_REPORT_STYLE_H_
#define ASSAY_CLIENT_EVAL_REPORT_REPORT_STYLE_H_

namespace assay::client {

inline constexpr char kReportStyle[] = R"css(
:root {
  --ground: #f4f5f7; --card: #ffffff; --line: #dfe2e8; --text: #1b1f27; --soft: #5d6675;
  --bad: #b3261e; --warn: #8a5a00; --one: #3056d3; --other: #5d6675;
  --fitted: #0b7a75; --band: #f0e3c4; --inset: #f4f5f7; }
@media (prefers-color-scheme: dark) { :root {
  --ground: #12151b; --card: #1b1f27; --line: #2d333f; --text: #e6e9ef; --soft: #99a3b3;
  --bad: #ff7b72; --warn: #e0a83e; --one: #7c9cff; --other: #99a3b3;
  --fitted: #4fc4bd; --band: #443a22; --inset: #12151b; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--text);
  font: 16px/1.6 system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; }
main { max-width: 880px; margin: 0 auto; padding: 40px 20px 64px; }
.defs { position: absolute; }
.kicker { margin: 0; color: var(--soft); }
h1 { font-size: 32px; line-height: 1.2; margin: 4px 0 24px; overflow-wrap: anywhere; }
h2 { font-size: 22px; line-height: 1.3; margin: 0 0 16px; }
h3 { font-size: 17px; margin: 32px 0 12px; }
p { margin: 0 0 14px; max-width: 44em; overflow-wrap: anywhere; }
code { font: 14px/1.5 ui-monospace, "DejaVu Sans Mono", monospace; overflow-wrap: anywhere; }
a { color: var(--one); }
.score { margin: 0 0 18px; }
.big { font-size: 64px; line-height: 1.1; font-weight: 600; letter-spacing: -.02em; margin: 0;
  font-variant-numeric: tabular-nums; display: flex; flex-wrap: wrap; align-items: center;
  gap: 6px 18px; }
.badge { font-size: 16px; line-height: 1.5; letter-spacing: 0; font-weight: 600;
  padding: 1px 14px; border-radius: 99px; border: 1.5px solid; }
.bad { color: var(--bad); } .warn { color: var(--warn); } .soft { color: var(--soft); }
.note, figcaption { color: var(--soft); font-size: 15px; }
.lead { font-size: 17px; }
dl { margin: 0; }
.facts { display: grid; grid-template-columns: repeat(auto-fill, minmax(240px, 1fr));
  gap: 12px 24px; margin: 20px 0; }
dt { color: var(--soft); font-size: 14px; } dd { margin: 0; overflow-wrap: anywhere; }
.facts dd { font-size: 15px; }
.hashes div { margin: 0 0 8px; }
nav ul { list-style: none; display: flex; flex-wrap: wrap; gap: 6px 20px; padding: 14px 0;
  margin: 28px 0; border-top: 1px solid var(--line); border-bottom: 1px solid var(--line); }
nav a { display: inline-block; padding: 2px 0; }
section { background: var(--card); border: 1px solid var(--line); border-radius: 12px;
  padding: 28px 32px 24px; margin: 0 0 24px; scroll-margin-top: 12px; }
figure { margin: 0 0 24px; }
figcaption { margin-top: 8px; max-width: 48em; }
svg { display: block; width: 100%; height: auto; overflow: visible; }
.narrow { display: none; }
.narrow svg { max-width: 480px; }
svg text { font-size: 14px; fill: var(--text); font-variant-numeric: tabular-nums; }
svg text.soft { fill: var(--soft); } svg text.strong { font-weight: 600; }
svg .grid { stroke: var(--line); } svg .axis { stroke: var(--soft); }
svg .chance { stroke: var(--soft); stroke-dasharray: 5 4; }
svg line.one { stroke: var(--one); stroke-width: 2; }
svg .mark { fill: none; stroke-width: 1.8; }
svg .mark.one { stroke: var(--one); } svg .mark.other { stroke: var(--other); }
svg .full.one { fill: var(--one); } svg .full.other { fill: var(--other); }
svg .expected { stroke: var(--soft); stroke-width: 2; stroke-dasharray: 2 4; }
svg .fitted { stroke: var(--fitted); stroke-width: 2; stroke-dasharray: 9 4; }
svg .band { fill: var(--band); } svg .edge { stroke: var(--warn); stroke-dasharray: 2 2; }
svg .win { fill: var(--one); } svg .loss { fill: url(#hatching); }
.hatch-ground { fill: var(--card); } .hatch-line { fill: var(--bad); }
.multiples { display: grid; grid-template-columns: repeat(auto-fill, minmax(240px, 1fr));
  gap: 20px; }
.multiples figure { margin: 0; display: flex; flex-direction: column-reverse; max-width: 300px; }
.multiples figcaption { margin: 0 0 4px; color: var(--text); font-weight: 600;
  overflow-wrap: anywhere; }
.scroll { overflow-x: auto; margin: 0 0 20px; }
table { width: 100%; border-collapse: collapse; font-size: 15px; line-height: 1.45;
  font-variant-numeric: tabular-nums; }
caption { text-align: left; font-weight: 600; padding: 0 0 8px; }
th, td { text-align: left; padding: 6px 18px 6px 0; border-bottom: 1px solid var(--line);
  vertical-align: top; }
thead th { color: var(--soft); font-weight: 500; vertical-align: bottom; }
tbody th { font-weight: 400; overflow-wrap: break-word; min-width: 5.5em; }
.line { white-space: nowrap; }
.long { overflow-wrap: anywhere; min-width: 14em; }
tr:last-child > * { border-bottom: 0; } thead tr:last-child > * { border-bottom: 1px solid var(--line); }
th:last-child, td:last-child { padding-right: 0; }
.n { text-align: right; white-space: nowrap; } thead .n { white-space: normal; }
summary { cursor: pointer; overflow-wrap: anywhere; }
header summary, .row summary { color: var(--soft); }
details > :nth-child(2) { margin-top: 10px; }
.texts > details { border-top: 1px solid var(--line); padding: 10px 0; }
.texts > details > summary { display: flex; gap: 12px; align-items: baseline; }
.texts > details > summary::before { content: "▸"; color: var(--soft); width: .8em; }
.texts > details[open] > summary::before { content: "▾"; }
.what { flex: 1 1 0; min-width: 0; overflow-wrap: anywhere; }
.rank { color: var(--soft); min-width: 1.4em; text-align: right; }
.margin { font-weight: 600; min-width: 4.6em; }
.rank, .margin { font-variant-numeric: tabular-nums; }
.row { padding: 6px 0 14px; }
.name { margin: 14px 0 4px; color: var(--soft); font-size: 15px; }
.name strong { color: var(--text); }
.text { background: var(--inset); border: 1px solid var(--line); border-radius: 8px;
  padding: 10px 14px; font-size: 15px; line-height: 1.5; max-height: 22em; overflow: auto;
  white-space: pre-wrap; overflow-wrap: anywhere; unicode-bidi: isolate; }
.pair { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 0 18px; }
.better .text { border-left: 4px solid var(--one); }
.worse .text { border-left: 4px dashed var(--bad); }
.row .note { margin: 12px 0 0; }
footer { color: var(--soft); font-size: 15px; padding-top: 8px; }
:focus-visible { outline: 2px solid var(--one); outline-offset: 2px; }
@media (max-width: 860px) { main { padding: 24px 14px 40px; }
  h1 { font-size: 26px; } .big { font-size: 52px; }
  section { padding: 20px 14px 16px; } .wide { display: none; } .narrow { display: block; }
  .pair { grid-template-columns: minmax(0, 1fr); } .multiples { grid-template-columns: 1fr; }
  .facts { grid-template-columns: repeat(auto-fill, minmax(150px, 1fr)); } }
@media print { body { background: none; } section { border: 0; padding: 0; } nav { display: none; } }
)css";

}  // namespace assay::client

#endif  // ASSAY_CLIENT_EVAL_REPORT_REPORT_STYLE_H_
