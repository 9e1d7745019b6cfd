"""What `watch` promises: saves and problems are seen in the browser, and nothing ends it."""

from __future__ import annotations

import http.client
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from playwright.sync_api import Browser, Page

from offprint.command import Options
from offprint.excerpt import Excerpt, find_excerpt, render_excerpt
from offprint.manuscript import read_manuscript
from offprint.pages import PageMap, carry_page_map, stream_of
from offprint.preview import SupersededError, _stopping_when
from offprint.project import PRESS, Project
from offprint.proof import Print, print_proof, put_excerpt
from offprint.setting import Setting

from .conftest import SAMPLE, Publication, build, copy_press, run
from .validators import axe_violations, browser, pdf_text

WriteEssay = Callable[[str], Publication]
PATIENCE = 60_000  # milliseconds, for a machine that has much else to do
FRONT = "document.querySelector('iframe.front')"


@dataclass
class Watched:
    """A press of its own that watches the sample, and where it shows it."""

    press: Path
    port: int
    process: subprocess.Popen[str]
    said: Path

    @property
    def essay(self) -> Path:
        """The essay that is watched."""
        return self.press / "tests/sample/manuscript/essay.md"

    @property
    def output(self) -> Path:
        """Where it is built."""
        return self.press / "tests/sample/output"

    @property
    def address(self) -> str:
        """The address of the preview."""
        return f"http://127.0.0.1:{self.port}/"

    def get(self, path: str, host: str = "") -> http.client.HTTPResponse:
        """Ask for a path, letter by letter as it is."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        connection.request("GET", path, headers={"Host": host} if host else {})
        return connection.getresponse()


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    """A copy of the press, so that its templates can be changed, watching its sample."""
    press = copy_press(tmp_path_factory.mktemp("watched"))
    said = press / "said.txt"
    with said.open("w") as errors:
        process = subprocess.Popen(
            [sys.executable, press / "build.py", "watch", "--no-open", "--port", "0",
             "--project", press / "tests/sample"],
            stdout=subprocess.PIPE, stderr=errors, text=True)
        assert process.stdout
        port = int(process.stdout.readline().split("/")[2].split(":")[1])
        yield Watched(press, port, process, said)
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0, said.read_text()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser() as opened:
        yield opened


@pytest.fixture
def preview(watched: Watched, chromium: Browser) -> Iterator[Page]:
    """The preview in a browser, its first version shown; the essay is restored afterwards."""
    page = chromium.new_page(viewport={"width": 1500, "height": 700})
    source = watched.essay.read_text(encoding="utf-8")
    page.goto(watched.address)
    wait_for(page, f"{FRONT}.contentDocument?.querySelector('article') && "
                   "document.getElementById('work').textContent === ''")
    yield page
    watched.essay.write_text(source, encoding="utf-8")
    page.close()


def wait_for(page: Page, condition: str) -> None:
    page.wait_for_function(condition, timeout=PATIENCE, polling=25)


def wait_for_words(page: Page, words: str) -> None:
    wait_for(page, f"{FRONT}.contentDocument?.body.textContent.includes('{words}')")


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_a_save_is_shown(watched: Watched, preview: Page) -> None:
    """New words are in the page, then in the PDF, and then in the files; the page stays clean."""
    change(watched.essay, "It has a second paragraph", "It has a reworded paragraph")

    wait_for_words(preview, "It has a reworded paragraph")
    wait_for(preview, "document.getElementById('paper').src.includes('essay.pdf?version=')")
    deadline = time.monotonic() + PATIENCE / 1000
    while "reworded" not in " ".join(pdf_text(watched.output / "essay.pdf")):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    html = (watched.output / "essay.html").read_text(encoding="utf-8")
    assert "It has a reworded paragraph" in html
    assert "EventSource" not in html


def test_prose_is_shown_before_the_whole_text(watched: Watched, preview: Page) -> None:
    """A new paragraph stands in the page at once; its note has no number until all is known."""
    change(watched.essay, "An opening before any heading",
           "A sentence put in, with a [place](#gone) that is not there.^[And a note.]\n\n"
           "An opening before any heading")

    wait_for_words(preview, "A sentence put in, with a place that is not there.•")
    preview.locator("#problems").wait_for(state="visible", timeout=PATIENCE)
    change(watched.essay, "[place](#gone)", "place")
    wait_for(preview, f"!{FRONT}.contentDocument?.body.textContent.includes('there.•')")
    wait_for_words(preview, "A sentence put in, with a place that is not there.")


def test_new_structure_is_shown(watched: Watched, preview: Page) -> None:
    """Not only words of a paragraph: whatever has been saved is shown."""
    change(watched.essay, "A loose list:", "## A heading put in\n\n- and a list\n\nA loose list:")

    wait_for_words(preview, "A heading put in")


def test_the_place_in_the_text_is_kept(watched: Watched, preview: Page) -> None:
    """What was at the top of the screen is there again, whatever has come before it."""
    block = (f"[...{FRONT}.contentDocument.querySelectorAll('h2')]"
             ".find(h => h.textContent === 'Other letters')")
    preview.evaluate(f"{block}.scrollIntoView({{behavior: 'instant'}})")
    before = preview.evaluate(f"{block}.getBoundingClientRect().top")

    change(watched.essay, "A loose list:", "Much that is new. " * 300 + "\n\nA loose list:")

    wait_for_words(preview, "Much that is new.")
    assert preview.evaluate(f"{block}.getBoundingClientRect().top") == pytest.approx(before, abs=2)
    wait_for(preview, "document.getElementById('work').textContent === ''")
    pages = pdf_text(watched.output / "essay.pdf")
    assert "Much that is new." in " ".join(" ".join(pages).split())
    number = next(at for at, page in enumerate(pages, 1) if "Other letters" in page)
    assert number > 3
    # The next page may begin within the upper third of the screen, where a reader looks.
    wait_for(preview, "document.getElementById('paper').src.includes('#page=')")
    wait_for(preview, f"[{number}, {number + 1}].includes(Number("
                      "document.getElementById('paper').src.split(/#page=|&/)[1]))")


def test_problems_are_shown_until_they_are_mended(watched: Watched, preview: Page) -> None:
    """A mistake stands in the page and on the terminal; when it is mended, it is gone."""
    change(watched.essay, "A loose list:", "A loose[@nobody] list:")

    panel = preview.locator("#problems")
    panel.wait_for(state="visible", timeout=PATIENCE)
    assert 'no source has the key "nobody"' in panel.inner_text()
    assert 'no source has the key "nobody"' in watched.said.read_text()
    change(watched.essay, "A loose[@nobody] list:", "A loose list:")
    panel.wait_for(state="hidden", timeout=PATIENCE)
    assert "All is well again." in watched.said.read_text()


@pytest.mark.parametrize("broken", [b"", b"\xff\xfe", b"---\ntitle: [\n---\n", None])
def test_no_mistake_ends_it(watched: Watched, preview: Page, broken: bytes | None) -> None:
    """An essay that is empty, not text, without sound front matter, or gone, and back again."""
    source = watched.essay.read_bytes()
    if broken is None:
        watched.essay.unlink()
    else:
        watched.essay.write_bytes(broken)

    panel = preview.locator("#problems")
    panel.wait_for(state="visible", timeout=PATIENCE)
    assert "manuscript/essay.md" in panel.inner_text()
    watched.essay.write_bytes(source)
    panel.wait_for(state="hidden", timeout=PATIENCE)
    assert watched.process.poll() is None


def test_a_folder_that_is_made_anew_is_still_watched(watched: Watched, preview: Page) -> None:
    """A tool that puts another folder in the place of the manuscript's does not end it."""
    folder = watched.essay.parent
    shutil.copytree(folder, folder.with_name("aside"))
    shutil.rmtree(folder)
    preview.locator("#problems").wait_for(state="visible", timeout=PATIENCE)
    folder.with_name("aside").rename(folder)
    preview.locator("#problems").wait_for(state="hidden", timeout=PATIENCE)

    change(watched.essay, "It has a second paragraph", "It has a moved paragraph")
    wait_for_words(preview, "It has a moved paragraph")


def test_templates_and_style_sheets_are_watched(watched: Watched, preview: Page) -> None:
    """A save in templates/ is shown too: templates, style sheets, the press's own words."""
    style = watched.press / "templates/screen.css"
    change(style, "h2 { font-size: 1.625rem;", "h2 { font-size: 40px;")
    heading = f"{FRONT}.contentDocument?.querySelector('article h2')"
    wait_for(preview, f"{heading} && getComputedStyle({heading}).fontSize === '40px'")

    change(watched.press / "templates/words.yaml", "colophon: Colophon", "colophon: Imprint")
    wait_for_words(preview, "Imprint")
    template = watched.press / "templates/web.html.j2"
    change(template, '<main id="edition-text"', '<p>Above all.</p><main id="edition-text"')
    wait_for_words(preview, "Above all.")


def test_a_template_that_fails_is_a_problem(watched: Watched, preview: Page) -> None:
    """A mistake in a template stands in the panel like any other, and does not end it."""
    template = watched.press / "templates/web.html.j2"
    change(template, "</main>", "{% if %}</main>")
    panel = preview.locator("#problems")
    panel.wait_for(state="visible", timeout=PATIENCE)
    assert "TemplateSyntaxError" in panel.inner_text()
    change(template, "{% if %}</main>", "</main>")
    panel.wait_for(state="hidden", timeout=PATIENCE)


def test_the_frame_is_accessible(watched: Watched, preview: Page) -> None:
    """The frame of the preview, with a problem in it, keeps to WCAG 2.2 AA, light and dark."""
    change(watched.essay, "A loose list:", "A loose[@nobody] list:")
    preview.locator("#problems").wait_for(state="visible", timeout=PATIENCE)
    preview.evaluate("document.querySelectorAll('iframe').forEach(f => f.remove())")

    assert axe_violations(preview) == []
    preview.emulate_media(color_scheme="dark")
    assert axe_violations(preview) == []


@pytest.mark.parametrize("host", ["example.org", "evil.localhost.example.org", "192.168.0.2"])
def test_other_hosts_are_refused(watched: Watched, host: str) -> None:
    """Only the names of this machine are answered to."""
    assert watched.get("/essay.html", host).status == 400
    assert watched.get("/news", host).status == 400
    assert watched.get("/", f"localhost:{watched.port}").status == 200


def test_it_listens_on_the_loopback_address_alone(watched: Watched) -> None:
    """No other machine can reach it."""
    others = {info[4][0] for info in socket.getaddrinfo(socket.gethostname(), None,
                                                       socket.AF_INET)} - {"127.0.0.1"}
    for address in {*others, "127.0.0.2"}:
        with pytest.raises(OSError), socket.create_connection((address, watched.port), 1):
            pass


def test_only_files_of_the_output_are_served(watched: Watched, preview: Page) -> None:
    """Neither sources nor anything else can be had, by whatever path."""
    (watched.output / "link.md").symlink_to(watched.essay)

    for path in ("/../manuscript/essay.md", "/%2e%2e/manuscript/essay.md",
                 "/..%2fmanuscript/essay.md", "//etc/passwd", "/manuscript/essay.md",
                 "/templates/preview.js", "/link.md"):
        assert watched.get(path).status in (400, 404), path
    assert watched.get("/essay.pdf").status == 200


def test_a_port_in_use_is_said(
    publication: Publication, capsys: pytest.CaptureFixture[str]
) -> None:
    """A port that another program has is named, with the remedy, and the exit code is 3."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert run("watch", "--no-open", "--port", port, "--project", publication.root) == 3

    assert f"port {port} is in use; name another with --port" in capsys.readouterr().err


def test_a_folder_that_is_not_there_is_not_made(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A misspelt publication is a problem, and no folder is made for it."""
    assert run("watch", "--no-open", "--project", tmp_path / "essya") == 1

    assert "essya: there is no such folder" in capsys.readouterr().err
    assert not (tmp_path / "essya").exists()


@pytest.mark.parametrize("port", ["99999", "-1", "http"])
def test_a_port_is_a_number_of_one(port: str, capsys: pytest.CaptureFixture[str]) -> None:
    """What cannot be a port is a wrong command line."""
    with pytest.raises(SystemExit) as stopped:
        run("watch", "--no-open", f"--port={port}")

    assert stopped.value.code == 2
    assert "is not a port" in capsys.readouterr().err


@pytest.mark.parametrize(("before", "after", "old", "new"), [
    ("One.\n\nTwo.", "One.\n\nTwo more.", ("Two.",), ("Two more.",)),
    ("One.\n\nTwo.", "One more.\n\nTwo more.", ("One.", "Two."), ("One more.", "Two more.")),
    ("One.\n\nTwo.", "One.\n\nTwo.\n\nThree.", ("Two.",), ("Two.", "Three.")),
    ("One.\n\nTwo.", "One.", ("One.", "Two."), ("One.",)),
    ("One. Two.\n\nThree.", "One.\n\nTwo.\n\nThree.", ("One. Two.",), ("One.", "Two.")),
    ("# One\n\nTwo.", "# One\n\nNew.\n\nTwo.", ("Two.",), ("New.", "Two.")),
    ("# One", "# Two", ("# One",), ("# Two",)),
    ("- one\n- two", "- one\n- three", ("- one\n- two",), ("- one\n- three",)),
    ("1. one", "1. two", ("1. one",), ("1. two",)),
    ("> one\n> two", "> one", ("> one\n> two",), ("> one",)),
    ("One.\n\n- two", "One.\n\n- two\n- three", ("- two",), ("- two\n- three",)),
], ids=["words", "two paragraphs", "one more", "one less", "one parted", "after a heading",
        "a heading", "a list", "a numbered list", "a quotation", "a list after prose"])
def test_blocks_are_shown_at_once(
    before: str, after: str, old: tuple[str, ...], new: tuple[str, ...]
) -> None:
    """New words, blocks that are added and taken away can be shown before the whole text."""
    assert find_excerpt(before, after) == Excerpt(old, new)


@pytest.mark.parametrize(("before", "after"), [
    ("One.", "One."), ("Term\n: one", "Term\n: two"), ("[^1]: one", "[^1]: two"),
    ("One\n===", "Two\n==="), ("| a |", "| b |"), ("::: box", "::: other"),
    ("One.\n\n    two", "One.\n\n    three"), ("```\none\n```", "```\ntwo\n```"),
    ("- one\n\n- two", "- one\n\n- three"), ("- one\n\n  two", "- three\n\n  two"),
    ("One.\n\n- two", "One.\n\n- two\n\n- three"), ("# One\nTwo.", "# One\nThree."),
    ("One.", ""), ("", "One."),
], ids=["nothing", "definition", "note", "underlined heading", "table", "box", "indented code",
        "code", "loose list", "item of two paragraphs", "one item more", "heading and text",
        "none left", "the first"])
def test_all_else_waits_for_the_whole_text(before: str, after: str) -> None:
    """What may change the text around it is not shown by itself."""
    assert find_excerpt(before, after) is None


def built_body(project: Project) -> tuple:
    """Return the edition of `project` and its body, as `watch` gets them from the build."""
    kept: list[tuple] = []

    class StopError(Exception):
        pass

    def keep(*words: object) -> None:
        kept.append(words)
        raise StopError

    with pytest.raises(StopError):
        build(replace(Options(project), on_words=keep))
    return kept[0][:2]


@pytest.mark.parametrize(("project", "old", "new"), [
    (PRESS, "Dulles saw no change of substance", "Dulles, in fact, saw *none*"),
    (PRESS, "## The offer of 1954", "## An offer, and no request"),
    (SAMPLE, "An opening before any heading", "Some words before any heading"),
    (SAMPLE, "- [x] done", "- [x] done at last"),
    (SAMPLE, "> A block quotation of some length", "> Words of others, quoted at some length"),
], ids=["notes", "heading", "author and date", "list", "quotation"])
def test_a_block_alone_is_as_in_the_whole(
    project: Path, old: str, new: str, tmp_path: Path
) -> None:
    """What is shown at once is what the whole build shows; marks of corrections come with that."""
    shutil.copytree(project / "manuscript", tmp_path / "manuscript")
    shutil.copytree(project / "bibliography", tmp_path / "bibliography")
    place = Project(tmp_path, tmp_path / "output")
    edition, body = built_body(place)
    before = edition.manuscript.body
    change(place.essay, old, new)
    later, after = built_body(place)

    excerpt = find_excerpt(before, later.manuscript.body)
    assert excerpt
    rendered = render_excerpt(edition, body, excerpt)
    assert rendered
    (known,), (alone,) = rendered

    place = list(body.article.iter()).index(known)
    whole = list(after.article.iter())[place]
    assert alone.tag == whole.tag == known.tag
    assert stream_of(alone) == stream_of(whole)
    assert len(alone.findall(".//a")) == len(whole.xpath(".//a[not(@class='mark')]"))


@given(st.text("abcdefgh ", min_size=30, max_size=300).filter(str.strip), st.data())
def test_page_marks_are_carried_over(text: str, data: st.DataObject) -> None:
    """Each page begins somewhere in the new text, in order; in the same text, where it did."""
    starts = sorted(data.draw(st.sets(st.integers(0, len(text) - 1), min_size=1)))
    page_map = PageMap(tuple(enumerate(starts, 1)), (), len(text))
    other = data.draw(st.text("abcdefgh ", min_size=1, max_size=300))

    carried = [start for _, start in carry_page_map(page_map, text, other).starts]
    assert carried == sorted(carried)
    assert all(0 <= start < len(other) for start in carried)


def test_pages_begin_with_the_words_that_they_began_with() -> None:
    """Words that come before, and words at the end, do not take a page mark from its words."""
    before = "".join(f"word{number}" for number in range(1000))
    starts = [before.index(f"word{number}") for number in (0, 310, 620)]
    after = "Someoldwords" + before.replace("word400", "wordx400") + "swh:1:dir:other"

    carried = carry_page_map(PageMap(tuple(enumerate(starts, 1)), (), len(before)), before, after)
    assert [after[start:start + 7] for _, start in carried.starts] == [
        "word0wo", "word310", "word620"]


def test_a_newer_save_ends_the_setting_of_pages(
    write_essay: Callable[[str], Publication]
) -> None:
    """Pages of a text that is no longer the newest are not set to the end."""
    publication = write_essay("\n\n".join(["Words and words. " * 60] * 40))
    options = Options(publication.project, ("pdf",))
    asked = []

    def is_stale() -> bool:
        asked.append(1)
        return len(asked) > 3

    with pytest.raises(SupersededError), _stopping_when(is_stale):
        build(options)
    assert len(asked) == 4
    assert not publication.project.output.exists()


# The proof: new paragraphs on the printed pages, before the text is read anew.


def printed(project: Project) -> tuple[tuple, Setting, Print]:
    """Return what `watch` has of a publication once it is built: words, setting, print."""
    kept: list[tuple] = []
    report = build(replace(Options(project), targets=("pdf",),
                           on_words=lambda *words: kept.append(words)))
    assert report.setting
    data = (project.output / "essay.pdf").read_bytes()
    return kept[0], report.setting, Print.of(data, report.setting.document)


def prove(words: tuple, setting: Setting, before: Print, project: Project) -> Print:
    """Return the proof of a publication whose essay has been changed since `words`."""
    edition, body, cuts, _ = words
    excerpt = find_excerpt(edition.manuscript.body, read_manuscript(project).body)
    rendered = excerpt and render_excerpt(edition, body, excerpt)
    assert rendered
    proved = put_excerpt(body, *rendered)
    assert proved
    return print_proof(edition, proved, cuts, setting, before)


def read_pages(pdf: Path) -> list[str]:
    """Return the words of each page, without the marks of corrections, which a proof has not."""
    return [" ".join(re.sub(r"^[cv]\d+[a-z]?$", "", page, flags=re.M).split())
            .replace("\u2010", "\u00ad") for page in pdf_text(pdf)]


@pytest.mark.parametrize(("source", "old", "new"), [
    (PRESS, "Dulles saw no change of substance", "Dulles, in fact, saw *none*"),
    (PRESS, "To complain of exclusion is not to ask for entry", "To complain of exclusion, as "
     "Moscow did in its note of March, is one thing, and to ask for entry is another"),
    (SAMPLE, "An opening before any heading", "Some words before any heading")],
    ids=["one line", "lines that move others", "before any heading"])
def test_a_proof_has_the_pages_of_the_edition_that_follows(
    source: Path, old: str, new: str, tmp_path: Path
) -> None:
    """The PDF that is shown at once has the words of the one that is built after it.

    That one is, byte for byte, what a build makes that knows nothing of what was before.
    """
    shutil.copytree(source / "manuscript", tmp_path / "manuscript")
    shutil.copytree(source / "bibliography", tmp_path / "bibliography")
    project = Project(tmp_path, tmp_path / "output")
    words, setting, before = printed(project)
    change(project.essay, old, new)

    proof = prove(words, setting, before, project)
    build(replace(Options(project), targets=("pdf",), setting=setting))
    edition = (project.output / "essay.pdf").read_bytes()
    build(replace(Options(project), targets=("pdf",)))

    assert edition == (project.output / "essay.pdf").read_bytes()
    shown = tmp_path / "proof.pdf"
    shown.write_bytes(proof.pdf)
    assert proof.pdf != before.pdf
    assert read_pages(shown) == read_pages(project.output / "essay.pdf")


def test_the_pages_of_a_proof_are_not_shown_twice(write_essay: WriteEssay) -> None:
    """Where the edition has no other pages than its proof, the reader's place is left alone."""
    project = write_essay("First words.\n\nSecond words, a second time.").project
    words, setting, before = printed(project)
    change(project.essay, "a second time", "the second time")

    proof = prove(words, setting, before, project)
    report = build(replace(Options(project), targets=("pdf",), setting=setting))

    assert report.setting is setting
    assert Print.of(b"", setting.document).pages == proof.pages != before.pages


@pytest.mark.parametrize("new", [
    "Words that call.^[A note.]^[One more.]", "Words that call none.", "Wörds that call.^[It.]"],
    ids=["a new note", "a note less", "a letter that was not there"])
def test_what_a_proof_cannot_know_waits_for_the_edition(
    new: str, write_essay: WriteEssay
) -> None:
    """Notes are numbered, and fonts cut, with the whole text."""
    project = write_essay("Words that call.^[A note.]\n\nMore words.").project
    edition, body = built_body(project)
    project.essay.write_text(project.essay.read_text("utf-8").replace(
        "Words that call.^[A note.]", new), "utf-8")
    excerpt = find_excerpt(edition.manuscript.body, read_manuscript(project).body)
    rendered = excerpt and render_excerpt(edition, body, excerpt)

    assert rendered
    assert put_excerpt(body, *rendered) is None


def test_a_proof_is_shown_before_the_edition(watched: Watched, preview: Page) -> None:
    """The PDF has new words while output/ still has those before."""
    known = watched.said.read_bytes().count(b"proof")
    change(watched.essay, "An opening before any heading", "An opening without a heading")

    deadline = time.monotonic() + PATIENCE / 1000
    while watched.said.read_bytes().count(b"proof") == known:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    before = "".join(pdf_text(watched.output / "essay.pdf"))
    shown = watched.press / "shown.pdf"
    shown.write_bytes(watched.get("/essay.pdf").read())
    assert "without a heading" in "".join(pdf_text(shown))
    assert "without a heading" not in before
