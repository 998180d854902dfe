/** The style of the page: colours for light and dark, and one column on a phone. */
export const PAGE_STYLE = `
:root {
  color-scheme: light dark;
  --ink: #1c2128; --faint: #59636e; --paper: #ffffff; --panel: #f6f8fa; --line: #d1d9e0;
  --bar: #0969da; --damage: #cf222e; --gap: #9a6700;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ink: #e6edf3; --faint: #9198a1; --paper: #0d1117; --panel: #161b22; --line: #3d444d;
    --bar: #4493f8; --damage: #f85149; --gap: #d29922;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
main { max-width: 1200px; margin: 0 auto; padding: 16px; }
h1 { font-size: 1.4rem; overflow-wrap: anywhere; }
h2 { font-size: 1.1rem; margin-top: 32px; }
.totals { display: grid; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); gap: 12px; padding: 0; }
.totals div { background: var(--panel); border: 1px solid var(--line); border-radius: 8px; padding: 12px; }
.totals dt { color: var(--faint); font-size: 0.85rem; }
.totals dd { margin: 0; font-size: 1.2rem; font-variant-numeric: tabular-nums; }
.chart { width: 100%; overflow: hidden; }
.keys { display: grid; grid-template-columns: repeat(auto-fit, minmax(260px, 1fr)); gap: 16px; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: 4px 8px; border-bottom: 1px solid var(--line); vertical-align: top; }
td.number, th.number { text-align: right; }
#archives td { white-space: nowrap; }
#archives td.name { white-space: normal; }
td.name { overflow-wrap: anywhere; min-width: 12rem; }
th button { all: unset; cursor: pointer; font-weight: 600; }
th button:focus-visible { outline: 2px solid var(--bar); outline-offset: 2px; }
th[aria-sort="ascending"] button::after { content: " \\25B2"; }
th[aria-sort="descending"] button::after { content: " \\25BC"; }
tr.damaged td { color: var(--damage); }
input { font: inherit; color: inherit; background: var(--panel); border: 1px solid var(--line); border-radius: 6px; padding: 6px 10px; width: 100%; max-width: 420px; }
.damage { color: var(--damage); }
.gap { color: var(--gap); }
.faint { color: var(--faint); }
`;
