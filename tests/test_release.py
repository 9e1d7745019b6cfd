"""What is released stays as it is, can be made again, and cannot change unnoticed."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from offprint import readiness, release
from offprint.checks import Checked
from offprint.corrections import Change
from offprint.edition import read_edition
from offprint.project import read_code
from offprint.readiness import propose_version
from offprint.snapshot import check_snapshots, read_record

from .conftest import LIBRARY, Publication, run

ESSAY = "manuscript/essay.md"
STEPS = ("write_bytes", "replace", "rename")


def files_of(folder: Path) -> dict[str, bytes]:
    """Return every file below `folder` by its path."""
    return {path.relative_to(folder).as_posix(): path.read_bytes()
            for path in sorted(folder.rglob("*")) if path.is_file()}


def try_release(publication: Publication, *arguments: str) -> int:
    return run("release", "--project", publication.root, *arguments)


# What a release leaves


def test_release_keeps_own_templates(publication: Publication) -> None:
    """A release has the publication's own templates, and can be made again with them."""
    publication.write("templates/screen.css", (
        '{% include "press/screen.css" %}\nh1 { top: 0; }\n'))
    assert try_release(publication, "--allow-dirty") == 0
    publication.write("templates/screen.css", "h1 { top: 1px; }\n")

    kept = publication.root / "editions/1.0.0/source/templates/screen.css"
    assert "top: 0" in kept.read_text(encoding="utf-8")
    assert run("verify", "--project", publication.root, "1.0.0") == 0


def test_release_holds_source_record_and_checksums(released_library: Publication) -> None:
    """A release is the source as it was, its record, and checksums that hold for both."""
    folder = released_library.root / "editions/1.0.0"
    record = json.loads((folder / "edition.json").read_text(encoding="utf-8"))

    assert files_of(folder / "source") == files_of(LIBRARY / "first")
    assert record["version"] == "1.0.0"
    assert record["date"] == "2024-05-06"
    assert record["paragraph_count"] == 5
    assert record["pages"][0] == {
        "page": 1, "paragraph": 0, "offset": 0, "words": "The Library of a Small Town"}
    assert {"essay.pdf", "essay.epub", "essay.html", "essay.jats.xml", "zenodo.json",
            "CITATION.cff"} <= set(record["files"])
    assert {"weasyprint", "Pandoc", "Pango", "Offprint (code and templates)"} <= set(
        record["tools"])
    done = subprocess.run(["sha256sum", "--check", "--quiet", "SHA256SUMS"], cwd=folder,
                          capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_archive_holds_all_and_proves_it(
    released_library: Publication, tmp_path: Path
) -> None:
    """The archive holds source, editions and record in one folder, with their checksums."""
    with zipfile.ZipFile(released_library.root / "output/essay-1.1.0.zip") as archive:
        archive.extractall(tmp_path)
    folder = tmp_path / "essay-1.1.0"
    record = json.loads((folder / "edition.json").read_text(encoding="utf-8"))

    done = subprocess.run(["sha256sum", "--check", "--quiet", "SHA256SUMS"], cwd=folder,
                          capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert (folder / "manuscript/essay.md").read_bytes() == (
        LIBRARY / "second/manuscript/essay.md").read_bytes()
    for name, said in record["files"].items():
        data = (folder / name).read_bytes()
        assert (len(data), hashlib.sha256(data).hexdigest()) == (said["size"], said["sha256"])


def test_second_run_says_that_it_is_released(
    library: Publication, capsys: pytest.CaptureFixture[str]
) -> None:
    """A release that exists with the same content is left as it is; the exit code is 0."""
    before = files_of(library.root)

    assert try_release(library, "--allow-dirty") == 0

    assert "version 1.1.0 is already released" in capsys.readouterr().err
    assert before == files_of(library.root)


# What is refused


def refused(
    publication: Publication, capsys: pytest.CaptureFixture[str], *arguments: str
) -> str:
    """Return what a release says that is refused, and that leaves every file as it was."""
    before = files_of(publication.root)
    assert try_release(publication, *arguments) == 1
    assert before == files_of(publication.root)
    return capsys.readouterr().err


def test_a_released_version_is_not_released_with_another_text(
    library: Publication, capsys: pytest.CaptureFixture[str]
) -> None:
    """The same version with other words is refused; the next one is named, and the words."""
    library.change(ESSAY, "a child of seven", "a child of eight")

    said = refused(library, capsys, "--allow-dirty")

    assert "essay.md:4: version 1.1.0 was released with another text or templates\n" \
           "    write version: 1.1.1, since no change of the text is recorded" in said
    assert "paragraph 3: “seven” became “eight”, and no correction says so" in said


@pytest.mark.parametrize(("version", "kind", "proposed"), [
    ("1.1.1", "fact", "1.2.0"),
    ("1.2.0", "typo", "1.1.1"),
    ("1.1.2", "wording", "1.1.1"),
    ("3.0.0", "fact", "1.2.0"),
])
def test_step_of_the_wrong_size_is_refused(
    library: Publication, capsys: pytest.CaptureFixture[str], version: str, kind: str,
    proposed: str,
) -> None:
    """The second number is for facts and sources, the third for words and looks, one at a time."""
    library.change(ESSAY, "version: 1.1.0", f"version: {version}")
    library.change(ESSAY, "a child of seven", "a child of eight")
    correction = f"""
  - {{id: x1, kind: {kind}, date: 2024-09-08, version: {version}, paragraph: 3,
     was: child of seven, now: child of eight, why: It was, sources: "@roe1950, p. 4"}}
"""
    path = library.root / "manuscript/corrections.yaml"
    path.write_text(path.read_text(encoding="utf-8") + correction, encoding="utf-8")

    said = refused(library, capsys, "--allow-dirty")

    assert f"{version} is not the version that follows 1.1.0" in said
    assert f"write version: {proposed}, since x1 is a correction of the kind “{kind}”" in said


def test_other_templates_make_another_edition(
    library: Publication, capsys: pytest.CaptureFixture[str]
) -> None:
    """With templates that the release has not, a build is a draft, and cannot be that version."""
    library.write("templates/words.yaml", "en:\n  colophon: Last words\n")

    assert read_edition(library.project).draft
    assert "version 1.1.0 was released with another text or templates" in refused(
        library, capsys, "--allow-dirty")


def test_a_source_that_is_gone_is_not_recorded(
    publication: Publication, capsys: pytest.CaptureFixture[str]
) -> None:
    """A folder that git knows and that has been removed is a change like any other."""
    publication.write("bibliography/references.bib", "@misc{a, title = {A}, date = {2020}}\n")
    for command in (["init", "-q"], ["add", "."],
                    ["-c", "user.name=A", "-c", "user.email=a@example.org", "commit", "-qm", "A"]):
        subprocess.run(["git", *command], cwd=publication.root, check=True)
    shutil.rmtree(publication.root / "bibliography")

    assert [problem.file for problem in readiness.check_recorded(publication.project)] == [
        "bibliography/references.bib"]


def test_the_checksum_of_the_code_is_that_of_all_of_it() -> None:
    """Flow, modules and templates are in it, under the names that they have here."""
    names = read_code().keys()

    assert {"build.py", "offprint/pages.py", "templates/print.css", "templates/modern/type.css"
            } <= names
    assert not [name for name in names if "__pycache__" in name]


def test_a_changed_argument_is_the_author_s_to_tell(library: Publication) -> None:
    """The first number may always be raised, by one."""
    library.change(ESSAY, "version: 1.1.0", "version: 2.0.0")

    assert list(readiness.check_readiness(
        read_edition(library.project), allow_dirty=True, sound=True)) == []


def test_an_earlier_version_is_not_released_later(
    library: Publication, capsys: pytest.CaptureFixture[str]
) -> None:
    """A version below one that is released is refused."""
    library.change(ESSAY, "version: 1.1.0", "version: 1.0.5")

    assert "version 1.0.5 comes before 1.1.0, which is released already" in refused(
        library, capsys, "--allow-dirty")


def test_drafts_and_problems_are_refused_at_once(
    publication: Publication, capsys: pytest.CaptureFixture[str]
) -> None:
    """A draft, a text with problems and a folder without git are reported together."""
    publication.change(ESSAY, "One paragraph", "One [gone](#gone) paragraph")

    said = refused(publication, capsys, "--draft")

    assert "--draft: a draft is not released" in said
    assert 'the link to "#gone" leads nowhere' in said
    assert "the publication is not under git" in said
    assert "3 problems" in said


def test_sources_that_git_has_not_recorded_are_refused(
    publication: Publication, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each source file that is changed, new or ignored is named; others do not matter."""
    def git(*arguments: str) -> None:
        subprocess.run(["git", "-c", "user.name=A", "-c", "user.email=a@example.org", *arguments],
                       cwd=publication.root, check=True, capture_output=True)

    publication.write(".gitignore", "*.secret\noutput/\n")
    git("init", "-q")
    git("add", "-A")
    git("commit", "-qm", "Text")
    publication.change(ESSAY, "enough", "plenty")
    publication.write("manuscript/figures/new.svg", "<svg xmlns='http://www.w3.org/2000/svg'/>")
    publication.write("manuscript/notes.secret", "…")
    publication.write("manuscript/.essay.md.swp", "left behind")
    publication.write("elsewhere.txt", "not a source")

    said = refused(publication, capsys)

    assert [line.split(": ")[0] for line in said.splitlines() if not line.startswith(" ")][:3] == [
        "manuscript/essay.md", "manuscript/figures/new.svg", "manuscript/notes.secret"]
    assert "elsewhere" not in said
    assert "swp" not in said
    git("add", "-fA")
    git("commit", "-qm", "All of it")
    assert list(readiness.check_recorded(publication.project)) == []


@pytest.mark.parametrize(("last", "kinds", "proposed"), [
    ("1.2.3", [], "1.2.4"),
    ("1.2.3", ["typo", "wording"], "1.2.4"),
    ("1.2.3", ["typo", "omission"], "1.3.0"),
    ("1.2.3", ["source", "withdrawal"], "2.0.0"),
    ("1.3.0-rc.1", ["fact"], "1.3.0"),
])
def test_proposal_follows_from_the_gravest_change(
    last: str, kinds: list[str], proposed: str
) -> None:
    """The version is computed from the kinds of the corrections."""
    changes = [Change.model_validate({
        "id": f"x{number}", "kind": kind, "date": "2024-01-01", "version": "9.0.0", "was": "a",
        "now": "b", "why": "c", "sources": "@d"}) for number, kind in enumerate(kinds)]

    assert propose_version(last, changes).version == proposed


# What is proved later


@pytest.mark.parametrize("version", ["1.0.0", "1.1.0"])
def test_verify_makes_the_same_bytes_again(
    released_library: Publication, tmp_path: Path, capsys: pytest.CaptureFixture[str],
    version: str,
) -> None:
    """Whatever was released before or after, a version is made again byte for byte.

    So is its archive.
    """
    assert run("verify", version, "--keep", "--project", released_library.root,
               "--output", tmp_path) == 0

    assert re.search(r"all \d+ files have the same bytes", capsys.readouterr().err)
    name = f"essay-{version}.zip"
    assert (tmp_path / version / name).read_bytes() == (
        released_library.root / "output" / name).read_bytes()


def test_later_versions_name_the_earlier_ones(released_library: Publication) -> None:
    """A record names the releases before it, and the checksums of their records."""
    earlier, = read_record(released_library.project, "1.1.0").earlier
    data = (released_library.root / "editions/1.0.0/edition.json").read_bytes()

    assert earlier.version == "1.0.0"
    assert earlier.record == hashlib.sha256(data).hexdigest()


def test_verify_says_what_differs_and_which_tools_changed(
    library: Publication, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file with other bytes is named, with the versions then and now; the exit code is 1."""
    output = library.root / "output"
    record = read_record(library.project, "1.1.0")
    files = {name: (output / name).read_bytes() for name in record.files}
    made = {**files, "essay.pdf": files["essay.pdf"] + b" ", "new.txt": b""}
    del made["essay.bib"]
    monkeypatch.setattr(release, "build_source", lambda *arguments: made)
    monkeypatch.setattr(release, "versions", lambda family: {**record.tools, "Pandoc": "9.9"})

    assert run("verify", "1.1.0", "--project", library.root) == 1

    said = capsys.readouterr().err
    assert "essay.pdf differs from the release" in said
    assert "essay.bib is no longer made, and was in the release" in said
    assert "new.txt was not in the release" in said
    assert f"changed since: Pandoc {record.tools['Pandoc']} → 9.9" in said


def _edit(name: str, old: str, new: str) -> Callable[[Publication], None]:
    return lambda library: library.change(f"editions/1.0.0/{name}", old, new)


@pytest.mark.parametrize(("tamper", "said"), [
    (_edit("source/manuscript/essay.md", "1921", "1923"),
     "editions/1.0.0/source/manuscript/essay.md: this file was changed after the release"),
    (_edit("source/manuscript/essay.md", "1921", "1923"),
     "editions/1.0.0/source: this is not the source that was released as 1.0.0"),
    (_edit("edition.json", "2024-05-06", "2024-05-07"),
     "editions/1.0.0/edition.json: this is not the record that the release of 1.1.0 knew"),
    (_edit("edition.json", "{", "["),
     "editions/1.0.0/edition.json: the record of a release is broken"),
    (lambda library: library.write("editions/1.0.0/source/manuscript/more.md", "more"),
     "editions/1.0.0/source/manuscript/more.md: this file was not in the release"),
    (lambda library: (library.root / "editions/1.0.0/SHA256SUMS").unlink(),
     "editions/1.0.0/SHA256SUMS: a part of the release is missing"),
    (lambda library: shutil.rmtree(library.root / "editions/1.0.0"),
     "editions/1.0.0: version 1.0.0 was released before 1.1.0, and is gone"),
], ids=["file", "source", "record", "broken", "added", "missing", "gone"])
def test_a_tampered_release_is_found(
    library: Publication, capsys: pytest.CaptureFixture[str],
    tamper: Callable[[Publication], None], said: str,
) -> None:
    """Whatever is changed in a release, verify says it, and so does the next release."""
    tamper(library)

    assert run("verify", "1.1.0", "--project", library.root) == 1
    assert said in capsys.readouterr().err
    assert said in refused(library, capsys, "--allow-dirty")


def test_checksums_made_to_fit_do_not_help(library: Publication) -> None:
    """Someone who changes text, identifier and checksums alike is found by the later record."""
    library.change("editions/1.0.0/source/manuscript/essay.md", "1921", "1922")
    folder = library.root / "editions/1.0.0"
    swhid = read_edition(Publication(folder / "source").project).swhid
    record = re.sub(r"swh:1:dir:\w+", swhid, (folder / "edition.json").read_text("utf-8"))
    (folder / "edition.json").write_text(record, encoding="utf-8")
    sums = "".join(f"{hashlib.sha256(data).hexdigest()}  {name}\n"
                   for name, data in files_of(folder).items() if name != "SHA256SUMS")
    (folder / "SHA256SUMS").write_text(sums, encoding="utf-8")

    assert [problem.what for problem in check_snapshots(library.project)] == [
        "this is not the record that the release of 1.1.0 knew"]


def test_verify_names_the_releases_there_are(
    released_library: Publication, capsys: pytest.CaptureFixture[str]
) -> None:
    """A version that was never released is a problem, with those that were."""
    assert run("verify", "7.0.0", "--project", released_library.root) == 1

    assert "released are 1.0.0, 1.1.0" in capsys.readouterr().err


# What a killed release leaves


def killed_at(
    step: int, act: Callable[[], object], steps: tuple[str, ...] = STEPS
) -> bool:
    """Run `act` in a process that dies before its step `step`; tell whether it did.

    Steps are the writings and renamings of files, counted from 1. SIGKILL cannot be caught.
    """
    child = os.fork()
    if not child:
        taken = 0

        def dying(name: str) -> Callable[..., object]:
            real = getattr(Path, name)

            def call(*arguments: object) -> object:
                nonlocal taken
                taken += 1
                if taken == step:
                    os.kill(os.getpid(), signal.SIGKILL)
                return real(*arguments)

            return call

        for name in steps:
            setattr(Path, name, dying(name))
        try:
            act()
        finally:
            os._exit(0)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


def _options(publication: Publication) -> release.Options:
    return release.Options(publication.project)


@pytest.fixture
def quick(library: Publication, monkeypatch: pytest.MonkeyPatch) -> Publication:
    """The library with a third version to release, whose editions need not be set."""
    library.change(ESSAY, "version: 1.1.0", "version: 1.1.1")
    made = dict.fromkeys(read_record(library.project, "1.1.0").files, b"new")
    reading = release.read_reading(read_edition(library.project))
    layout = release.lay_out_reading(reading)
    monkeypatch.setattr(release, "build_source", lambda *arguments: made)
    monkeypatch.setattr(
        release, "check_edition", lambda edition: Checked(None, [], accessible=True))
    monkeypatch.setattr(release, "read_reading", lambda edition: reading)
    monkeypatch.setattr(release, "lay_out_reading", lambda reading: layout)
    return library


def test_a_killed_release_leaves_every_edition_and_output_whole(quick: Publication) -> None:
    """Killed at any step, a release leaves what was there; the next run is not hindered.

    Earlier releases are as they were, each file of the output is old or new and never a half,
    and the version is either not released at all or all of it.
    """
    before = files_of(quick.root)
    step, outcomes = 0, []
    while True:
        step += 1
        shutil.rmtree(quick.root)
        for name, data in before.items():
            (quick.root / name).parent.mkdir(parents=True, exist_ok=True)
            (quick.root / name).write_bytes(data)
        killed = killed_at(step, lambda: try_release(quick, "--allow-dirty", "--quiet"))
        after = files_of(quick.root)
        for name, data in before.items():
            if name.startswith("editions/"):
                assert after[name] == data, (step, name)
            elif not name.endswith("SHA256SUMS"):
                assert after[name] in (data, b"new"), (step, name)
        outcomes.append((quick.root / "editions/1.1.1").exists())
        assert list(check_snapshots(quick.project)) == [], step
        if not killed:
            break

    assert step > 20
    assert outcomes == [False] * (step - 1) + [True]


def test_a_killed_release_is_made_by_the_next_run(quick: Publication) -> None:
    """What a killed release has left behind does not stand in the way."""
    act = lambda: try_release(quick, "--allow-dirty", "--quiet")  # noqa: E731
    assert killed_at(1, act, ("rename",))
    assert list((quick.root / "editions").glob(".fresh-*"))

    assert act() == 0

    assert read_record(quick.project, "1.1.1").version == "1.1.1"


def test_a_killed_build_leaves_every_file_whole(library: Publication) -> None:
    """Killed at any step, a build leaves each file as it was or new, and no release changed."""
    before = files_of(library.root)
    library.change(ESSAY, "a child of seven", "a child of eight")
    assert run("html", "--project", library.root, "--quiet") == 0
    new = (library.root / "output/essay.html").read_bytes()
    assert new != before["output/essay.html"]

    for step in range(1, 5):
        (library.root / "output/essay.html").write_bytes(before["output/essay.html"])
        assert killed_at(step, lambda: run("html", "--project", library.root, "--quiet"))
        after = files_of(library.root)
        assert after["output/essay.html"] in (before["output/essay.html"], new)
        assert {name: data for name, data in after.items() if name.startswith("editions/")} == {
            name: data for name, data in before.items() if name.startswith("editions/")}
