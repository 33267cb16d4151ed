"""How the page looks: light and dark, on paper, and narrow. Nothing is fetched, not even a font."""

from __future__ import annotations

import re

from reports import lattice_svg, picture_svg, storm_svg

_RULE = re.compile(r"([^{}]+)\{")

_PAGE = """
:root{color-scheme:light dark;--ground:#ffffff;--ink:#1f2328;--quiet:#59636e;--edge:#d1d9e0;--band:#f6f8fa;
--link:#0550ae;--good:#116329;--good-ground:#dafbe1;--bad:#a40e26;--bad-ground:#ffebe9;--open:#7d4e00;
--open-ground:#fff8c5;--none-ground:#eaeef2}
@media screen and (prefers-color-scheme:dark){
:root{--ground:#0d1117;--ink:#e6edf3;--quiet:#9198a1;--edge:#3d444d;--band:#161b22;--link:#79c0ff;--good:#7ee787;
--good-ground:#12361f;--bad:#ffa198;--bad-ground:#4b1113;--open:#f2cc60;--open-ground:#3b2e04;--none-ground:#2a313c}}
*{box-sizing:border-box}
html{scroll-padding-top:1rem}
body{margin:0;background:var(--ground);color:var(--ink);font:16px/1.5 system-ui,'DejaVu Sans',sans-serif}
header,nav,main,footer{max-width:76rem;margin:0 auto;padding:0 1.25rem}
header{padding-top:1rem;color:var(--quiet)}
main>section{margin:2.25rem 0}
h1{font-size:1.75rem;line-height:1.25;margin:.75rem 0}
h1,h2,h3,li,p{overflow-wrap:anywhere}
h2{font-size:1.3rem;border-bottom:1px solid var(--edge);padding-bottom:.25rem;margin:0 0 .75rem}
h3{font-size:1.08rem;margin:1.5rem 0 .5rem}
a{color:var(--link)}
a:focus-visible,summary:focus-visible,[tabindex]:focus-visible{outline:3px solid var(--link);outline-offset:2px}
.skip{position:absolute;left:-99rem}
.skip:focus{left:1rem;top:.5rem;background:var(--ground);padding:.5rem 1rem;z-index:1}
nav ol{display:flex;flex-wrap:wrap;gap:.25rem 1.25rem;list-style:none;padding:0;margin:.5rem 0}
.verdict{border:1px solid var(--edge);border-left-width:.6rem;border-radius:.4rem;padding:.25rem 1.25rem .75rem;
background:var(--band)}
.verdict.valid{border-left-color:var(--good)}
.verdict.invalid{border-left-color:var(--bad)}
.verdict.unknown{border-left-color:var(--open)}
.mark{display:inline-block;padding:.05rem .55rem;border-radius:.3rem;font-weight:700;white-space:nowrap;
background:var(--none-ground)}
.mark.valid,.mark.ok,.mark.kept{color:var(--good);background:var(--good-ground)}
.mark.invalid,.mark.critical,.mark.lost,.mark.duplicated{color:var(--bad);background:var(--bad-ground)}
.mark.unknown,.mark.warning,.mark.refused{color:var(--open);background:var(--open-ground)}
.quiet{color:var(--quiet)}
.wide{overflow-x:auto;margin:.75rem 0}
table{border-collapse:collapse;min-width:100%;font-size:.9rem}
caption{text-align:left;color:var(--quiet);padding:.25rem 0;caption-side:top}
th,td{text-align:left;vertical-align:top;padding:.35rem .7rem;border:1px solid var(--edge);
overflow-wrap:break-word}
td:last-child,.events td{overflow-wrap:anywhere;min-width:8rem}
thead th{background:var(--band)}
td{min-width:6.5rem}
tbody th{font-weight:600;min-width:11rem}
code,pre,.events td,.events th{font-family:ui-monospace,'DejaVu Sans Mono',Menlo,Consolas,monospace;font-size:.86rem}
pre{background:var(--band);border:1px solid var(--edge);border-radius:.3rem;padding:.6rem .8rem;overflow-x:auto;
margin:.5rem 0}
.command code{user-select:all}
.command code::before{content:"$ ";color:var(--quiet)}
.finding{border:1px solid var(--edge);border-radius:.4rem;padding:.1rem 1.1rem 1rem;margin:1.1rem 0}
.drawn{overflow-x:auto;margin:.75rem 0}
.drawn svg{max-width:100%;height:auto;min-width:44rem;display:block}
details{margin:.5rem 0}
summary{cursor:pointer;color:var(--link)}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.2rem 1.1rem;margin:.5rem 0}
dt{color:var(--quiet)}
dd{margin:0;overflow-wrap:anywhere}
footer{color:var(--quiet);border-top:1px solid var(--edge);padding-top:.75rem;padding-bottom:2rem}
@media (max-width:40rem){dl{grid-template-columns:1fr}dd{margin-bottom:.4rem}h1{font-size:1.35rem}}
@media print{nav,.skip{display:none}body{font-size:10.5pt}.wide,.drawn,pre{overflow:visible}
pre code{white-space:pre-wrap;overflow-wrap:anywhere}.finding,tr,svg{break-inside:avoid}
.drawn svg{min-width:0}details::details-content{content-visibility:visible;display:block;height:auto}
td,th,tbody th,td:last-child{min-width:0;overflow-wrap:anywhere}
summary{display:none}a{color:inherit;text-decoration:none}
.mark,.verdict,thead th{-webkit-print-color-adjust:exact;print-color-adjust:exact}}
"""


def stylesheet() -> str:
    """Return the style of the page, with that of the pictures in it."""
    pictures = {"picture": picture_svg.STYLE, "lattice": lattice_svg.STYLE, "storm": storm_svg.STYLE}
    return "".join([_PAGE, *(_within(f"svg.{name}", style) for name, style in pictures.items())])


def _within(scope: str, style: str) -> str:
    """Return *style* so that it holds inside *scope* alone: in a page, what one picture says would hold for all."""

    def scoped(found: re.Match[str]) -> str:
        selectors = found[1].strip()
        if selectors.startswith("@"):
            return f"\n{selectors.replace('@media (', '@media screen and (')}{{"
        return f"\n{','.join(f'{scope} {each.strip()}' for each in selectors.split(','))}{{"

    return _RULE.sub(scoped, style)
