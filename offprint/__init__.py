"""The press: reads an essay and its bibliography, checks them, and prints three editions.

The steps, in order: `project` (where things are), `manuscript`, `bibliography`, `corrections`
(the sources), `edition` (all of them as one frozen record), `checks` (what an author can get
wrong), `pandoc` (the text converted, once), `figures`, `fonts`, `web`, `paper`, `pdf`, `epub`
(the editions), `output` (put in place, whole or not at all).
"""

__version__ = "0.1.0"
