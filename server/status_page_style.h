// server/status_page_style.h
// The looks of status_page.h: one style sheet, in the page itself.
#ifndef ASSAY_SERVER_STATUS_PAGE_STYLE_H_
#define ASSAY_SERVER_STATUS_PAGE_STYLE_H_

namespace assay {

inline constexpr char kStatusPageStyle[] = R"css(
:root { color-scheme: light dark;
  --ground: #f4f5f7; --card: #ffffff; --line: #dfe2e8; --text: #1b1f27; --soft: #5d6675;
  --good: #14734a; --warn: #8a5a00; --bad: #b3261e; --one: #3056d3; --two: #0b7a75;
  --track: #e6e9ef; }
@media (prefers-color-scheme: dark) { :root {
  --ground: #12151b; --card: #1b1f27; --line: #2d333f; --text: #e6e9ef; --soft: #99a3b3;
  --good: #4cc38a; --warn: #e0a83e; --bad: #ff7b72; --one: #7c9cff; --two: #4fc4bd;
  --track: #2a303b; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--text);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; }
main { max-width: 1120px; margin: 0 auto; padding: 20px 16px 40px; display: grid; gap: 14px;
  grid-template-columns: repeat(6, minmax(0, 1fr)); }
header { grid-column: 1 / -1; display: flex; flex-wrap: wrap; align-items: center; gap: 4px 14px; }
h1 { font-size: 22px; line-height: 1.3; margin: 0; overflow-wrap: anywhere; }
header p { margin: 0; color: var(--soft); width: 100%; overflow-wrap: anywhere; }
.badge { font-weight: 600; padding: 1px 12px; border-radius: 99px; border: 1.5px solid; }
.serving { color: var(--good); } .stopping { color: var(--warn); } .unhealthy { color: var(--bad); }
section { background: var(--card); border: 1px solid var(--line); border-radius: 10px;
  padding: 14px 16px; grid-column: span 3; min-width: 0; }
section.third { grid-column: span 2; } section.whole { grid-column: 1 / -1; }
h2 { font-size: 12px; letter-spacing: .06em; text-transform: uppercase; color: var(--soft);
  margin: 0 0 8px; font-weight: 600; }
.big { font-size: 26px; line-height: 1.25; font-weight: 600; font-variant-numeric: tabular-nums; }
.big small { font-size: 14px; font-weight: 400; color: var(--soft); }
dl { margin: 0; display: grid; grid-template-columns: auto minmax(0, 1fr); gap: 2px 14px; }
dt { color: var(--soft); } dd { margin: 0; overflow-wrap: anywhere; text-align: right;
  font-variant-numeric: tabular-nums; }
dl.left dd { text-align: left; }
.hash { font: 12.5px/1.75 ui-monospace, "DejaVu Sans Mono", monospace; }
.meter { display: block; width: 100%; height: 10px; border-radius: 5px; margin: 8px 0 10px; }
.meter .track { fill: var(--track); } .meter .fill { fill: var(--one); }
.meter.hot .fill { fill: var(--bad); }
table { width: 100%; border-collapse: collapse; font-variant-numeric: tabular-nums; }
th { text-align: left; font-weight: 500; color: var(--soft); }
th, td { padding: 3px 10px 3px 0; border-bottom: 1px solid var(--line); overflow-wrap: anywhere; }
.set td:last-child { white-space: nowrap; padding-right: 0; }
tr:last-child td { border-bottom: 0; }
th:last-child, td:last-child { padding-right: 0; }
.n { text-align: right; } td.bad, .bad { color: var(--bad); } .good { color: var(--good); }
.warn { color: var(--warn); } .none { color: var(--soft); margin: 0; }
.axis { display: flex; justify-content: space-between; gap: 12px; color: var(--soft);
  font-size: 13px; }
.bars { display: block; width: 100%; height: 84px; margin: 2px 0 10px;
  border-bottom: 1px solid var(--line); }
.bars.tokens rect { fill: var(--one); } .bars.time rect { fill: var(--two); }
.bars rect.bad { fill: var(--bad); }
.big + dl { margin-top: 8px; }
.rows { max-height: 380px; overflow-y: auto; margin-top: 4px; }
.rows th { position: sticky; top: 0; background: var(--card); }
details { margin-top: 10px; } summary { cursor: pointer; color: var(--soft); }
.set td:nth-child(2) { font: 13px/1.6 ui-monospace, "DejaVu Sans Mono", monospace; }
.set .default { color: var(--soft); }
footer { grid-column: 1 / -1; color: var(--soft); font-size: 13px; }
footer a { color: inherit; }
@media (max-width: 860px) { section, section.third { grid-column: span 3; } }
@media (max-width: 600px) { section, section.third { grid-column: 1 / -1; } .wide { display: none; } }
)css";

}  // namespace assay

#endif  // ASSAY_SERVER_STATUS_PAGE_STYLE_H_
