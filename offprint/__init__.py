"""The press: reads an essay and its bibliography, checks them, and prints three editions.

In the order of the work:

- `command` says what is asked for, `bootstrap` makes a bare Python able to do it, `info` says
  what is missing and records what shaped a build;
- `project` knows where things are; `manuscript`, `bibliography`, `corrections` and `timeline`
  read the sources (YAML through `records`), `styles` and `licenses` what they name;
- `theme` is what an essay chooses of its looks;
- `edition` is all of that as one frozen record, named by its source (`identity`);
- `text` has `pandoc` convert it, once, and rearranges it as a `document`; `checks` finds what
  an author got wrong, as `problems`;
- `body` is the converted text as a `tree`, with sound `tables` and numbered `paragraphs`;
  `fonts` are cut for it;
- `paper` sets pages and `pdf` writes them; `pages` finds where each begins in the text;
- `web` makes the HTML page, `epub`, with a `cover`, the e-book; `templating` dresses them all;
- `citation` cites the edition in words and files, `metadata` describes it in the head of the
  page, `deposit` for archives and registries;
- `starter` begins a publication, with a manuscript of another tool where there is one
  (`takeover`, `authors`);
- `output` puts the editions in place, with their checksums.
"""

__version__ = "0.1.0"
