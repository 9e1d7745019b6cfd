"""The press: reads an essay and its bibliography, checks them, and prints three editions.

In the order of the work:

- `command` says what is asked for, `bootstrap` makes a bare Python able to do it, `info` says
  what is missing and records what shaped a build, `progress` and a `summary` show the work on a
  terminal;
- `project` knows where things are; `manuscript`, `bibliography`, `corrections` and `timeline`
  read the sources (YAML through `records`), `styles` and `licenses` what they name;
- `theme` is what an essay chooses of its looks;
- `edition` is all of that as one frozen record, named by its source (`identity`), with the
  `history` of its releases;
- `text` has `pandoc` convert it, once, and rearranges it as a `document`; `checks` finds what
  an author got wrong, as `problems`, `accessibility` what would keep a reader out, and
  `collation` where essay and corrections disagree, with `passages` that hold the words in
  question; `languages` marks the words of sources as theirs;
- `body` is the converted text as a `tree`, with sound `tables` and numbered `paragraphs`;
  `fonts` are cut for it;
- `paper` sets pages, with `footnotes` where they are called; a `setting` keeps them, so that
  after a change of some `blocks` few are set again, and a `noteroom` what notes take of them; a
  `layout` is what comes of it, and `alarms` go off where it looks bad; `pages` finds where each
  page begins in the text; `tags` makes pages readable aloud and `pdf` writes them; `imposition`
  puts the finished pages on sheets of other papers;
- `web` makes the HTML page, `epub`, with a `cover`, the e-book; `templating` dresses them all;
- `csl` is what an edition says of itself as a work; `citation` cites it in words, `bibtex`, `ris`
  and `cff` in files; `metadata` describes it in the head of the page, `deposit` for registries,
  `jats` for archives;
- `preview` shows all of it in the browser while it is written, through a `server`; at once an
  `excerpt` of what is new, and a `proof` of the pages that it is on;
- `starter` begins a publication, with a manuscript of another tool where there is one
  (`takeover`, `authors`);
- `output` puts the editions in place, with their checksums, where `validators` judge them;
- `release` freezes a version, of whose `readiness` it makes sure, as a `snapshot`, and proves it
  again; a `reading` of an edition holds its passages, which a `comparison` of two tells apart and
  a `concordance` follows; `changes` and `errata` print what has changed since a release, each as
  a `leaflet`.
"""

__version__ = "0.1.0"
