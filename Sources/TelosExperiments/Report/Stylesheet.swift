/// The style of every page, in light and dark. Series colours are those of Okabe and Ito (*Color universal design*,
/// 2008), darkened on light paper until lines reach a contrast of 3 to 1; dashes tell them apart without colour.
let stylesheet = """
    :root { color-scheme: light dark;
      --paper: #ffffff; --page: #f6f7f9; --ink: #16191d; --soft: #5b6470; --line: #dfe3e8; --grid: #e9ecf0;
      --accent: #0b5cad; --warn: #fff6df; --warnline: #e0b84c; --yes: #0072b2; --no: #c45200;
      --s0: #0072b2; --s1: #c45200; --s2: #00805c; --s3: #b0568e; --s4: #996600; --s5: #2b8fc4; --s6: #6a6f77; }
    @media (prefers-color-scheme: dark) { :root {
      --paper: #171a1f; --page: #0f1115; --ink: #e9ecf1; --soft: #9aa4b2; --line: #2b3038; --grid: #242930;
      --accent: #6db6f2; --warn: #2a2413; --warnline: #8a6d1f; --yes: #4da9e0; --no: #f08a4b;
      --s0: #56b4e9; --s1: #f08a4b; --s2: #2fc79b; --s3: #e39cc7; --s4: #f0b93a; --s5: #9cc9ff; --s6: #aab2bd; } }
    * { box-sizing: border-box; }
    body { margin: 0; background: var(--page); color: var(--ink); line-height: 1.5; font-size: 16px;
      font-family: Inter, system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
      -webkit-font-smoothing: antialiased; }
    main { max-width: 1120px; margin: 0 auto; padding: 48px 24px 40px; }
    h1 { font-size: 2.1rem; line-height: 1.15; letter-spacing: -0.022em; margin: 0; font-weight: 700;
      overflow-wrap: anywhere; }
    .lead { font-size: 1.08rem; color: var(--soft); margin: 8px 0 0; }
    h2 { font-size: 1.22rem; letter-spacing: -0.012em; margin: 0 0 14px; font-weight: 650; }
    h3 { font-size: 0.96rem; margin: 0; font-weight: 600; }
    section { margin-top: 40px; }
    .hint { color: var(--soft); font-size: 0.9rem; margin: -8px 0 14px; max-width: 90ch; }
    .card, figure, .scroll, pre, details { background: var(--paper); border: 1px solid var(--line);
      border-radius: 10px; }
    .facts { display: grid; grid-template-columns: repeat(auto-fill, minmax(170px, 1fr)); gap: 16px 24px;
      margin: 28px 0 0; padding: 18px 22px; }
    .facts dt { color: var(--soft); font-size: 0.8rem; }
    .facts dd { margin: 1px 0 0; font-weight: 550; overflow-wrap: anywhere; font-variant-numeric: tabular-nums; }
    .result { display: grid; grid-template-columns: minmax(200px, auto) minmax(0, 1fr); gap: 12px 40px;
      align-items: center; padding: 20px 24px; }
    .result .big { font-size: 2.7rem; line-height: 1.1; font-weight: 700; letter-spacing: -0.025em;
      font-variant-numeric: tabular-nums; }
    .result .between { color: var(--soft); font-variant-numeric: tabular-nums; }
    .grid { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 440px), 1fr)); gap: 18px; }
    .grid.small { grid-template-columns: repeat(auto-fill, minmax(min(100%, 300px), 1fr)); }
    .single { max-width: 660px; }
    figure { margin: 0; padding: 16px 18px 12px; min-width: 0; }
    figcaption { color: var(--soft); font-size: 0.88rem; margin-top: 8px; }
    .legend { display: flex; flex-wrap: wrap; gap: 3px 18px; margin: 6px 0 0; padding: 0; list-style: none;
      font-size: 0.84rem; }
    .legend li { display: flex; align-items: center; gap: 7px; min-width: 0; overflow-wrap: anywhere; }
    .legend svg { width: 24px; height: 10px; flex: none; }
    .legend .last { color: var(--soft); font-variant-numeric: tabular-nums; white-space: nowrap; }
    svg { display: block; width: 100%; height: auto; overflow: visible; }
    svg text { fill: var(--soft); font-size: 12px; font-family: inherit; font-variant-numeric: tabular-nums; }
    svg.forest text { font-size: 12px; }
    .result svg.forest text { font-size: 8.5px; }
    svg .rule { stroke: var(--grid); stroke-width: 1; }
    svg .axis { stroke: var(--soft); stroke-width: 1; opacity: 0.55; }
    svg .curve { fill: none; stroke-width: 2; stroke-linejoin: round; stroke-linecap: round; }
    svg .band { stroke: none; fill-opacity: 0.17; }
    svg .whisker { stroke-width: 2.5; stroke-linecap: round; }
    svg .seed { fill-opacity: 0.45; }
    .frame { display: block; width: 100%; height: auto; margin-top: 10px; border-radius: 6px; background: #ffffff;
      border: 1px solid var(--line); }
    .scroll { overflow-x: auto; }
    table { border-collapse: collapse; width: 100%; font-size: 0.92rem; font-variant-numeric: tabular-nums; }
    th { text-align: left; font-weight: 550; color: var(--soft); font-size: 0.82rem; white-space: nowrap; }
    th, td { padding: 9px 16px; border-bottom: 1px solid var(--line); vertical-align: middle; }
    tbody tr:last-child td, tbody tr:last-child th { border-bottom: 0; }
    th.n, td.n { text-align: right; white-space: nowrap; }
    td .sub { display: block; color: var(--soft); font-size: 0.85rem; }
    td.forest { min-width: 260px; }
    .range { color: var(--soft); }
    code, pre { font-family: ui-monospace, "SF Mono", "Cascadia Code", Menlo, Consolas, monospace; font-size: 0.86rem; }
    pre { margin: 0; padding: 18px 22px; overflow-x: auto; line-height: 1.6; }
    pre .key { color: var(--accent); } pre .comment { color: var(--soft); font-style: italic; }
    .notes { margin-top: 24px; background: var(--warn); border: 1px solid var(--warnline); border-radius: 10px;
      padding: 12px 20px; font-size: 0.94rem; }
    .notes ul { margin: 0; padding-left: 18px; }
    .matrix th, .matrix td { text-align: center; }
    .matrix tbody th { text-align: right; color: var(--ink); }
    .matrix .none { color: var(--soft); }
    .matrix .sure { font-weight: 700; }
    .matrix .range { display: block; font-size: 0.8rem; font-weight: 400; color: inherit; opacity: 0.8; }
    .swatch { display: inline-block; width: 10px; height: 10px; border-radius: 50%; margin-right: 9px; }
    .empty { color: var(--soft); padding: 26px 0; text-align: center; font-size: 0.9rem; }
    footer { margin-top: 48px; color: var(--soft); font-size: 0.82rem; }
    @media (max-width: 640px) { main { padding: 28px 14px; } .result { grid-template-columns: minmax(0, 1fr); }
      h1 { font-size: 1.7rem; } svg text { font-size: 15px; } .result svg.forest text { font-size: 13px; }
      th, td { padding: 8px 11px; } }
    @media print { body { background: #ffffff; } figure, section { break-inside: avoid; } }
    """

/// How many series look different by colour; beyond, dashes tell them apart.
let seriesColourCount = 7
