#!/usr/bin/env python3
"""Makes the bench's world: pages, feeds, a registry, links with known faults, and nginx to serve them.

    world.py make DIR [--accounts 1000] [--hosts 1000] [--port 28480]
    world.py start DIR      world.py stop DIR

DIR/links.txt holds ten links an account, DIR/truth.tsv what is true of each:
`sound`, `broken`, or `hidden` (a captcha stands in front: neither may be claimed).
DIR/slow.txt holds links whose server accepts and never answers; compare.py plays that server.
"""
import argparse
import datetime
import gzip
import pathlib
import random
import shutil
import subprocess

HERE = pathlib.Path(__file__).parent
LINKS = 10  # an account
# Path, share in ten thousand, truth.
KINDS = [
    ("short", 5400, "sound"), ("page", 3000, "sound"), ("long", 900, "sound"), ("gzip", 100, "sound"),
    ("gbk", 60, "sound"), ("moved", 100, "sound"),
    ("gone404", 150, "broken"), ("gone410", 20, "broken"), ("error500", 40, "broken"),
    ("denied403", 40, "broken"), ("circle", 20, "broken"), ("refused", 20, "broken"),
    ("softtitle", 50, "broken"), ("softwords", 50, "broken"), ("softgbk", 30, "broken"),
    ("captcha", 20, "hidden"),
]  # fmt: skip
SLOW = 20
SENTENCE = "云溪区（示例）今日公布便民服务事项调整安排，办理地点、时间和所需材料见附件，咨询请拨打公布的电话。"
MENU = "".join(f'<li><a href="/menu/{n}.html" title="栏目{n}">政务栏目{n}</a></li>' for n in range(20))


def page(title, words, weight=0):
    """A page like an office's: head with styles and a script, menu, text, footer."""
    style = "".join(f".c{n}{{margin:{n}px;color:#333;float:left}}" for n in range(30 + weight))
    script = "".join(f"var v{n}=document.getElementById('e{n}');" for n in range(10 + weight // 2))
    return (
        f'<!DOCTYPE html><html lang="zh-CN"><head><meta charset="@CHARSET@"><title>{title}</title>'
        f"<style>{style}</style><script>{script}</script></head><body><ul class=nav>{MENU}</ul>"
        f'<div class="main">{words}</div><div class=footer>主办：云溪区政府办公室（示例）</div></body></html>'
    )


def write_pages(to):
    text = "".join(f"<p>{n}. {SENTENCE}</p>" for n in range(8))
    missing = "<p>抱歉，您访问的页面不存在或已删除！</p><p><a href='/'>返回首页</a></p>"
    pages = {
        "short": f"<html><head><title>办事指南（示例）</title></head><body><h1>办事指南</h1>{text}</body></html>",
        "page": page("通知公告（示例）", text * 2, 20),
        "long": page("年度报告（示例）", text * 12, 200),
        "zipped": page("政策解读（示例）", text * 4, 50),
        "gbk": page("旧站文章（示例）", text),
        "softtitle": page("404 - 您访问的页面不存在", "<p>云溪区政府网（示例）</p>"),
        "softwords": page("云溪区政府网（示例）", missing),
        "softgbk": page("页面未找到", missing),
        "captcha": "<html><head><title>安全验证</title></head><body><p>请完成下方验证后继续访问。</p></body></html>",
    }
    for name, html in pages.items():
        charset = "gb18030" if "gbk" in name else "utf-8"
        body = html.replace("@CHARSET@", charset.replace("18030", "2312")).encode(charset)
        (to / f"{name}.html").write_bytes(body)
    (to / "zipped.html.gz").write_bytes(gzip.compress((to / "zipped.html").read_bytes(), mtime=0))


def feed(account, links):
    """Ten posts of the last days, one link in each."""
    newest = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0) - datetime.timedelta(hours=2)
    items = []
    for n, link in enumerate(links):
        day = (newest - datetime.timedelta(minutes=n)).strftime("%a, %d %b %Y %H:%M:%S +0000")
        items.append(
            f"<item><title>示例账号{account}第{n}号动态</title><link>https://posts.example/{account}/{n}</link>"
            f"<pubDate>{day}</pubDate><description><![CDATA[<p>{SENTENCE}</p>"
            f'<p>详见<a href="{link}">办事页面</a></p>]]></description></item>'
        )
    return (
        '<?xml version="1.0" encoding="UTF-8"?><rss version="2.0"><channel>'
        f"<title>示例账号{account}</title>{''.join(items)}</channel></rss>"
    )


def host(n):
    return f"127.{1 + n // 62500}.{n // 250 % 250}.{1 + n % 250}"


def make(to, accounts, hosts, port):
    dice = random.Random(7)
    shutil.rmtree(to, ignore_errors=True)
    (to / "pages/feeds").mkdir(parents=True)
    (to / "tmp").mkdir()
    write_pages(to / "pages")
    kinds = [(kind, truth) for kind, share, truth in KINDS for _ in range(share)]
    urls, truths, rows = [], [], []
    for account in range(accounts):
        mine = []
        for n in range(LINKS):
            kind, truth = dice.choice(kinds)
            at = port + 1 if kind == "refused" else port
            # Why: a host that refuses five times rests; every refusing link is a host of its own.
            where = host(hosts + account) if kind == "refused" else host(dice.randrange(hosts))
            mine.append(f"http://{where}:{at}/{kind}/{account}-{n}.html")
            truths.append(f"{mine[-1]}\t{truth}\t{kind}")
        urls += mine
        (to / f"pages/feeds/{account}.xml").write_text(feed(account, mine))
        rows.append(
            f"B{account:05},示例账号{account},微信公众号,示例单位{account},乡镇街道,示例区网络理政办,否,正常运行,"
            f"示例备{account},2020-01-01,1000,示例单位{account},示例甲,000-0000000,订阅源,"
            f"http://{host(account % hosts)}:{port}/feeds/{account}.xml,,,虚构示例"
        )
    slow = [f"http://{host(n)}:{port + 2}/slow/{n}.html" for n in range(SLOW)]
    truths += [f"{url}\tbroken\tslow" for url in slow]
    head = (
        "账号编号,账号名称,平台,主办单位,单位层级,主管单位,代表主体,状态,备案编号,开设日期,粉丝数,认证主体,"
        "管理员,联系方式,采集方式,采集地址,采集参数,服务链接,备注"
    )
    (to / "links.txt").write_text("\n".join(urls) + "\n")
    (to / "slow.txt").write_text("\n".join(slow) + "\n")
    (to / "truth.tsv").write_text("\n".join(truths) + "\n")
    (to / "registry.csv").write_text("\n".join([head, *rows]) + "\n")
    conf = (HERE / "nginx.conf").read_text()
    for mark, value in {"@DIR@": to, "@PORT@": port, "@WORKERS@": "auto"}.items():
        conf = conf.replace(mark, str(value))
    (to / "nginx.conf").write_text(conf)
    print(f"{len(urls)} links on {hosts} hosts in {to}")


def nginx(to, *args):
    subprocess.run(["nginx", "-p", to, "-c", to / "nginx.conf", "-e", to / "nginx.err", *args], check=True)


def main():
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("do", choices=["make", "start", "stop"])
    ask.add_argument("dir", type=pathlib.Path)
    ask.add_argument("--accounts", type=int, default=1000)
    ask.add_argument("--hosts", type=int, default=1000)
    ask.add_argument("--port", type=int, default=28480)
    said = ask.parse_args()
    to = said.dir.resolve()
    if said.do == "make":
        make(to, said.accounts, said.hosts, said.port)
    elif said.do == "start":
        nginx(to)
    else:
        nginx(to, "-s", "stop")


main()
