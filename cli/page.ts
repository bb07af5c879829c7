import { escapeMarkup as e } from "./markup.js";

/** How the pages look: light or dark as the reader has it, tables as lists of cards on a phone. Contrasts are at least 4.5 to 1. */
const pageStyle = `
:root{color-scheme:light dark;--text:#1b1f24;--soft:#57606a;--page:#ffffff;--card:#f6f8fa;--line:#d0d7de;--good:#116329;--good-bg:#dafbe1;--bad:#a40e26;--bad-bg:#ffebe9;--unsure:#7d4e00;--unsure-bg:#fff8c5}
@media (prefers-color-scheme:dark){:root{--text:#e6edf3;--soft:#9ea7b3;--page:#0d1117;--card:#161b22;--line:#30363d;--good:#56d364;--good-bg:#10291a;--bad:#ff9492;--bad-bg:#3a1316;--unsure:#e3b341;--unsure-bg:#332a0c}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--text);font:16px/1.5 system-ui,sans-serif}
main,footer{max-width:76rem;margin:0 auto;padding:1rem}
h1{font-size:1.5rem;margin:.5rem 0;overflow-wrap:anywhere}
h2{font-size:1.1rem;margin:2rem 0 .5rem}
.verdict{font-size:1.15rem;padding:.75rem 1rem;border-radius:.5rem;border-left:.4rem solid}
.verdict.good{color:var(--good);background:var(--good-bg)}
.verdict.bad{color:var(--bad);background:var(--bad-bg)}
.verdict.unsure{color:var(--unsure);background:var(--unsure-bg)}
table{width:100%;border-collapse:collapse;font-size:.95rem}
th,td{text-align:left;vertical-align:top;padding:.4rem .6rem;border-bottom:1px solid var(--line);overflow-wrap:anywhere}
thead th,thead td{color:var(--soft);font-weight:600;font-size:.85rem}
tbody th{font-weight:600}
tr.bad>*{color:var(--bad)}
meter{width:8rem;max-width:100%}
footer{color:var(--soft);font-size:.85rem}
@media (min-width:46.01rem){th,td{min-width:5.5rem}thead th{overflow-wrap:normal}}
@media (max-width:46rem){
thead{position:absolute;clip-path:inset(50%);width:1px;height:1px;overflow:hidden}
table,tbody{display:block}
tr{display:block;background:var(--card);border:1px solid var(--line);border-radius:.5rem;margin:0 0 .75rem;padding:.4rem}
th,td{display:block;border:0;padding:.15rem .4rem}
td[data-label]::before{content:attr(data-label) ": ";color:var(--soft);font-size:.85rem}
td.empty{display:none}
}
@media print{.verdict{border:1px solid}}
`;

/** One page that needs nothing else: no network, no script. */
export function page(
  { title, style = "", at, remark = "" }: { title: string; style?: string; at: string; remark?: string },
  command: string,
  body: readonly string[],
): string {
  const when = at.replace("T", " ").replace(/\.\d+Z$/, " UTC");
  return [
    "<!doctype html>",
    '<html lang="en">',
    "<head>",
    '<meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    '<meta name="color-scheme" content="light dark">',
    `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">`,
    `<title>${e(title)}</title>`,
    `<style>${pageStyle}${style}</style>`,
    "</head>",
    "<body>",
    "<main>",
    `<h1>${e(title)}</h1>`,
    ...body,
    "</main>",
    `<footer>${e(command)}, <time datetime="${e(at)}">${e(when)}</time>${e(remark)}</footer>`,
    "</body>",
    "</html>",
    "",
  ].join("\n");
}
