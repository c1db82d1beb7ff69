"""Benchmarks/RESULTS.md from what was measured."""

import statistics

TIMES = {"us": (1e6, "µs"), "ms": (1e3, "ms"), "s": (1, "s")}


def digits(value):
    return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"


def shown(row, rates):
    """The median with the least and the most, as a time or a rate."""
    if row.show in TIMES:
        factor, unit = TIMES[row.show]
        values = [factor * row.units / rate for rate in rates]
    else:
        values, unit = [rate / row.scale for rate in rates], row.show
    return f"{digits(statistics.median(values))} {unit} ({digits(min(values))} to {digits(max(values))})"


def peak(row, limits):
    """Operations a second that `row.threads` cores could do in the registers the row may use."""
    widths = ["256", "128"] if row.instruction_set == "avx2" else ["512", "256", "128"]
    return row.threads * max((limits.get(width, 0) for width in widths), default=0)


def least_time(row, limits):
    """The least seconds the machine needs for the row's arithmetic, and for its memory traffic."""
    compute = (row.flop + 2 * row.operations) / peak(row, limits) if row.flop and peak(row, limits) else 0
    memory = row.bytes / limits["bytes"] if row.bytes and limits.get("bytes") else 0
    return compute, memory


def bound(row, rates, limits):
    """The least time the machine needs for the row, and how near Telos comes."""
    compute, memory = least_time(row, limits)
    least = max(compute, memory)
    if not least or not rates:
        return row.note
    taken = row.units / statistics.median(rates)
    others = f" and {digits(row.operations / 1e6)} million other operations" if row.operations else ""
    work = f"{digits(row.flop / 1e6)} MFLOP{others}" if compute >= memory else f"{digits(row.bytes / 1e6)} MB"
    if row.show == "GFLOP/s":
        text = f"{100 * least / taken:.0f} % of the peak"
    else:
        factor, unit = TIMES["us"] if least < 1e-3 else TIMES["ms"]
        text = f"{work}: {digits(factor * least)} {unit} at the machine's limit, {100 * least / taken:.0f} % reached"
    return f"{text}. {row.note}".rstrip(". ")


def demand(row, rate, limits):
    """What a target rate that was missed would ask of the machine."""
    least = max(least_time(row, limits))
    if not least:
        return ""
    share = least * rate / row.units
    return f"asks for {100 * share:.0f} % of the limit" + (": out of reach" if share > 1 else "")


def lines(row, stored, limits):
    """The table's lines of a row: one for its own target, if it has one, and one for each peer."""
    figures = stored["figures"]
    own = figures["telos"]["rates"]
    mine = shown(row, own) if own else "did not run: " + figures["telos"].get("error", "")
    described = [row.work, row.threads, mine]
    limit = bound(row, own, limits)
    if row.target is not None:
        word = "at most" if row.show in TIMES else "at least"
        met = ("yes" if statistics.median(own) >= row.target else "no") if own else ""
        yield [*described, "", "", f"{word} {shown_target(row)}", met, limit]
        described, limit = ["", "", ""], ""
    for peer in row.peers:
        rates = figures.get(peer.label, {}).get("rates", [])
        ratio, met = "", ""
        if own and rates:
            times = statistics.median(own) / statistics.median(rates)
            ratio = f"{digits(times)} x"
            met = "" if peer.target is None else "yes" if times >= peer.target else "no"
            if met == "no":
                wish = demand(row, peer.target * statistics.median(rates), limits)
                limit = "; ".join(part for part in [limit, wish] if part)
        other = shown(row, rates) if rates else "did not run: " + figures.get(peer.label, {}).get("error", "")
        target = "" if peer.target is None else f"{digits(peer.target)} x"
        yield [*described, f"{peer.label}: {other}", ratio, target, met, limit]
        described, limit = ["", "", ""], ""


def shown_target(row):
    if row.show in TIMES:
        factor, unit = TIMES[row.show]
        return f"{digits(factor * row.units / row.target)} {unit}"
    return f"{digits(row.target / row.scale)} {row.show}"


def text(data, rows):
    host, limits = data.get("machine", {}), data.get("limits", {})
    present = [row for row in rows if row.name in data["rows"]]
    table = [line for row in present for line in lines(row, data["rows"][row.name], limits)]
    judged = [line for line in table if line[6]]
    times = sorted(data["rows"][row.name]["when"] for row in present)
    loads = [data["rows"][row.name]["load"] for row in present]
    rounds = sorted({data["rows"][row.name]["rounds"] for row in present})
    versions = ", ".join(f"{name} {version}" for name, version in data.get("versions", {}).items())
    parts = [
        "# Telos and its peers, side by side",
        "",
        "Written by `make bench-peers`, which measures every figure of a row in turn, Telos, peer, Telos, peer, in one "
        "run. A figure is the median of its rounds, with the least and the most in brackets; a ratio says how many "
        "times faster Telos is. Only the ratios travel to other machines.",
        "",
        f"- Machine: {host.get('processor')}, {host.get('cores')} cores, {', '.join(host.get('instructionSets', []))}; "
        f"{host.get('system')}",
        "- One core's limits as measured: "
        + "; ".join(
            [f"{limits[width] / 1e9:.0f} GFLOP/s of multiply-adds in {width}-bit registers"
             for width in ["512", "256", "128"] if width in limits]
            + [f"{limits['bytes'] / 1e9:.0f} GB/s copying 4 MB" for _ in [0] if "bytes" in limits]),
        f"- Versions: Telos {data.get('telos')}, {host.get('swift')}, {versions}",
        f"- Measured {times[0]} to {times[-1]} UTC, {' or '.join(map(str, rounds))} rounds, load of the machine "
        f"{min(loads):.1f} to {max(loads):.1f}" if present else "- Nothing was measured yet",
        f"- Targets met: {sum(line[6] == 'yes' for line in judged)} of {len(judged)}",
        "",
        "| work | threads | Telos | peer | ratio | target | met | bound |",
        "|---|---|---|---|---|---|---|---|",
    ]
    parts += ["| " + " | ".join(map(str, line)) + " |" for line in table]
    return "\n".join(parts) + "\n"
