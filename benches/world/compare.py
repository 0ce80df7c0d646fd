#!/usr/bin/env python3
"""Runs `xuncha links` and `lychee` in turns over a world and says what each cost and got wrong.

    compare.py DIR --xuncha PATH [--lychee PATH] [--turns 5] [--concurrency 256] [--nofile N] [--slow] [--round]

Wall time, links a second, CPU of the process (user + system) a link, peak memory; `false ok`
are broken links called sound, `false broken` sound ones called anything else, `claimed` what
stands behind a captcha and was called sound or broken. --slow adds the links that are never
answered (their waiting is in the wall time); --round also runs a whole round over the registry.
"""
import argparse
import json
import os
import pathlib
import socket
import statistics
import subprocess
import sys

TIMEOUT = 2  # seconds, for both


# Why a small process in between: the system counts the memory of whoever starts a program as the program's own.
LAUNCHER = """
import json, os, resource, subprocess, sys, time
command, out, nofile = json.load(sys.stdin)
limit = (lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (nofile, nofile))) if nofile else None
with open(out, "wb") as target, open(out + ".err", "wb") as errors:
    began = time.monotonic()
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=target, stderr=errors, preexec_fn=limit)
    _, status, used = os.wait4(process.pid, 0)
    wall = time.monotonic() - began
    process.returncode = os.waitstatus_to_exitcode(status)
print(json.dumps([wall, used.ru_utime + used.ru_stime, used.ru_maxrss * 1024, process.returncode]))
"""


def measure(command, out, nofile, env=None):
    """Runs a command to its end: wall seconds, CPU seconds, peak bytes, exit code."""
    told = json.dumps([[str(part) for part in command], str(out), nofile])
    env = {**os.environ, **(env or {})}
    ran = subprocess.run([sys.executable, "-c", LAUNCHER], input=told, env=env, check=True, capture_output=True, text=True)
    return json.loads(ran.stdout)


def settings(concurrency):
    return {
        "XUNCHA__HTTP__ALLOW_PRIVATE": "true",
        "XUNCHA__HTTP__CONCURRENCY": str(concurrency),
        "XUNCHA__HTTP__TIMEOUT": f"{TIMEOUT}s",
        "XUNCHA__HTTP__CONNECT_TIMEOUT": f"{TIMEOUT}s",
    }


def run_xuncha(said, links, out):
    command = [said.xuncha, "--format", "json", "links", links]
    cost = measure(command, out, said.nofile, settings(said.concurrency))
    verdicts = {}
    for line in open(out, encoding="utf-8"):
        look = json.loads(line)
        verdicts[look["url"]] = look["outcome"]
    return cost, verdicts


def run_lychee(said, links, out):
    command = [
        said.lychee, "--no-progress", "--format", "json",
        "--max-concurrency", str(said.concurrency), "--timeout", str(TIMEOUT), "--max-retries", "0",
        "--host-concurrency", str(said.concurrency), "--host-request-interval", "0ms", links,
    ]  # fmt: skip
    cost = measure(command, out, said.nofile)
    report = json.load(open(out, encoding="utf-8"))
    # Without -v, which costs it time, it names only what it rejected.
    verdicts = dict.fromkeys(open(links, encoding="utf-8").read().split(), "ok")
    for kind in ("error_map", "timeout_map"):
        for looks in report.get(kind, {}).values():
            verdicts |= {look["url"]: "broken" for look in looks}
    return cost, verdicts


def wrong(verdicts, truths):
    """False ok, false broken, claimed behind a captcha, without any verdict."""
    counts = [0, 0, 0, 0]
    for url, truth in truths.items():
        said = verdicts.get(url)
        if said is None:
            counts[3] += 1
        elif truth == "broken" and said == "ok":
            counts[0] += 1
        elif truth == "sound" and said != "ok":
            counts[1] += 1
        elif truth == "hidden" and said != "unverified":
            counts[2] += 1
    return counts


def run_round(said, where, out):
    """A fresh office: registry in, everything drawn, the round run; the cost is of the run alone."""
    office = out.parent / "office"
    office.mkdir(exist_ok=True)
    for old in office.glob("xuncha.db*"):
        old.unlink()
    env = settings(said.concurrency) | {"XUNCHA__DATABASE__URL": f"sqlite://{office}/xuncha.db"}
    for command in (["accounts", "import", where / "registry.csv"], ["round", "open", "2026Q4", "--ratio", "1"]):
        subprocess.run([said.xuncha, *command], check=True, env={**os.environ, **env}, stdout=subprocess.DEVNULL)
    return measure([said.xuncha, "round", "run", "2026Q4"], out, said.nofile, env), None


def silent_server(port):
    """Accepts by its backlog and never answers."""
    server = socket.create_server(("0.0.0.0", port), backlog=512)
    return server


def main():
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("dir", type=pathlib.Path)
    ask.add_argument("--xuncha", required=True)
    ask.add_argument("--lychee")
    ask.add_argument("--turns", type=int, default=5)
    ask.add_argument("--concurrency", type=int, default=256)
    ask.add_argument("--nofile", type=int)
    ask.add_argument("--slow", action="store_true")
    ask.add_argument("--round", action="store_true")
    said = ask.parse_args()
    where = said.dir.resolve()
    out = where / "out"
    out.mkdir(exist_ok=True)
    links = where / "links.txt"
    rows = [line.split("\t") for line in open(where / "truth.tsv", encoding="utf-8").read().splitlines()]
    truths = {url: truth for url, truth, kind in rows if said.slow or kind != "slow"}
    if said.slow:
        slow = (where / "slow.txt").read_text()
        port = int(slow.split(":", 2)[2].split("/")[0])
        kept_open = silent_server(port)
        links = out / "links-and-slow.txt"
        links.write_text(slow + (where / "links.txt").read_text())
    runners = {"xuncha": run_xuncha} | ({"lychee": run_lychee} if said.lychee else {})
    costs, faults = {}, {}
    for _ in range(said.turns):
        for name, run in runners.items():
            cost, verdicts = run(said, links, out / f"{name}.out")
            costs.setdefault(name, []).append(cost)
            faults.setdefault(name, []).append(wrong(verdicts, truths))
        if said.round:
            costs.setdefault("round", []).append(run_round(said, where, out / "round.out")[0])
    if said.slow:
        kept_open.close()
    print(f"{len(truths)} links, concurrency {said.concurrency}, {said.turns} turns each, medians (fastest)")
    print("            wall s       links/s   CPU µs/link   peak MB   false ok   false broken   claimed   missing")
    for name, turns in costs.items():
        walls, cpus, peaks, _ = zip(*turns)
        wall, cpu = statistics.median(walls), statistics.median(cpus)
        counts = [max(column) for column in zip(*faults[name])] if name in faults else ["-"] * 4
        print(
            f"{name:8} {wall:7.2f} ({min(walls):5.2f}) {len(truths) / wall:8.0f} {cpu / len(truths) * 1e6:7.1f} ({min(cpus) / len(truths) * 1e6:5.1f})"
            f" {max(peaks) / 1e6:8.1f} {counts[0]:10} {counts[1]:14} {counts[2]:9} {counts[3]:9}"
        )


main()
