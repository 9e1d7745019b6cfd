/* Shows each new version where the reader is: finds the words at the top again in the new page. */
"use strict";
(() => {
  const root = document.documentElement;
  const work = document.getElementById("work");
  const panel = document.getElementById("problems");
  const paper = document.getElementById("paper");
  const [first, second] = document.querySelectorAll("#screen iframe");
  let front = first;
  let state = { html: "", pdf: "" };
  let shown = "";
  let printed = "";
  let turning = false;

  const BLOCKS = "article :is(p, h1, h2, h3, h4, h5, h6, li, dt, dd, pre, tr, figure, .csl-entry)";
  const blocksOf = (frame) => [...frame.contentDocument.querySelectorAll(BLOCKS)];
  // Without numbers, because those of notes and paragraphs change with what stands before them.
  const wordsOf = (block) => block.textContent.replace(/[\s\d]+/g, "");

  /* The words of the blocks in view, each with its distance from the top. */
  function placeIn(frame) {
    if (!frame.contentDocument || frame.contentWindow.scrollY === 0) return [];
    return blocksOf(frame)
      .map((block) => ({ words: wordsOf(block), box: block.getBoundingClientRect() }))
      .filter(({ words, box }) => words && box.bottom > 0).slice(0, 40)
      .map(({ words, box }) => ({ words, top: box.top }));
  }

  function goTo(frame, place, height) {
    const to = (top) => frame.contentWindow.scrollTo({ top, behavior: "instant" });
    const blocks = new Map();
    for (const block of blocksOf(frame)) {
      const words = wordsOf(block);
      blocks.set(words, blocks.has(words) ? null : block);
    }
    for (const { words, top } of place) {
      const block = blocks.get(words);
      if (block) return to(frame.contentWindow.scrollY + block.getBoundingClientRect().top - top);
    }
    return to(height);
  }

  /* Loads a version behind the one that is shown, and turns them when it is ready. */
  async function turnTo(version) {
    const next = front === first ? second : first;
    await new Promise((done) => {
      next.onload = done;
      next.src = `essay.html?version=${version}`;
    });
    await next.contentDocument.fonts.ready;
    goTo(next, placeIn(front), front.contentWindow.scrollY);
    next.classList.add("front");
    front.classList.remove("front");
    front = next;
    shown = version;
    undo = () => {};
  }

  /* Shows the newest page, and then the newest PDF at the place of the page. */
  async function show() {
    if (turning) return;
    turning = true;
    try {
      while (shown !== state.html) await turnTo(state.html);
    } finally {
      turning = false;
    }
    print(state.pdf);
  }

  /* The printed page that the words at the top of the screen stand on. */
  function pageInView() {
    if (!front.contentDocument) return "1";
    const marks = [...front.contentDocument.querySelectorAll("[role=doc-pagebreak]")]
      .filter((mark) => mark.getBoundingClientRect().top < innerHeight / 3);
    return marks.length ? marks[marks.length - 1].title : "1";
  }

  function print(version) {
    if (!version || version === printed || root.dataset.view === "screen") return;
    printed = version;
    paper.src = `essay.pdf?version=${version}#page=${pageInView()}&navpanes=0`;
  }

  /* Puts new blocks in the place of old ones; notes keep their numbers, if none is new. */
  let undo = () => {};
  function showExcerpt({ page, places, blocks }) {
    if (shown !== page || shown !== state.html || !places.every(Boolean)) return;
    undo();
    const text = front.contentDocument;
    const old = places.map((place) => text.querySelector(place));
    if (!old.every(Boolean)) return;
    const CALL = "[role=doc-noteref]";
    const callsOf = (all) => all.flatMap((block) => [...block.querySelectorAll(CALL)]);
    const fresh = blocks.map((html, at) => {
      const holder = text.createElement("template");
      holder.innerHTML = html;
      const block = holder.content.firstElementChild;
      if (!old[at] || block.localName !== old[at].localName) return block;
      if (old[at].id) block.id = old[at].id;
      const link = old[at].querySelector(":scope > a.number");
      if (link) block.prepend(link.cloneNode(true));
      return block;
    });
    const [calls, marks] = [callsOf(old), callsOf(fresh)];
    marks.forEach((mark, at) => {
      if (marks.length === calls.length) mark.replaceWith(calls[at].cloneNode(true));
      else mark.outerHTML = "<sup>•</sup>";
    });
    old[0].before(...fresh);
    old.forEach((block) => block.remove());
    undo = () => {
      fresh[0].before(...old);
      fresh.forEach((block) => block.remove());
    };
  }

  function showProblems(problems) {
    panel.hidden = problems.length === 0;
    panel.firstElementChild.replaceChildren(...problems.map((problem) => {
      const item = document.createElement("li");
      item.textContent = problem;
      return item;
    }));
  }

  const news = new EventSource("news");
  news.onmessage = ({ data }) => {
    const told = JSON.parse(data);
    if (told.excerpt) return showExcerpt(told.excerpt);
    const read = told.state.words !== state.words;
    state = told.state;
    work.textContent = state.work;
    showProblems(state.problems);
    // What was changed may have been taken back.
    if (shown === state.html && read) undo();
    show();
  };
  news.onerror = () => { work.textContent = "The press has stopped; start it again with watch"; };

  const choices = [...document.querySelectorAll("[name=view]")];
  function choose(view) {
    root.dataset.view = view;
    choices.forEach((choice) => { choice.checked = choice.value === view; });
    localStorage.setItem("view", view);
    print(state.pdf);
  }
  choices.forEach((choice) => choice.addEventListener("change", () => choose(choice.value)));
  choose(localStorage.getItem("view") || (innerWidth >= 1400 ? "both" : "screen"));
})();
