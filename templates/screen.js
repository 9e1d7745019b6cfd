/*
 * Where there is room, sets each note beside its call; shows a correction at the place of its
 * passage; lets a reader choose corrections. Without this script notes and corrections stand at
 * the end, all of them, and every mark is a link.
 */
"use strict";
(() => {
  const root = document.documentElement;
  const article = document.querySelector("article");
  const contents = document.querySelector(".contents details");
  const roomForNotes = matchMedia("screen and (min-width: 64rem)");
  const roomForContents = matchMedia("(min-width: 88rem)");

  function placeNotes() {
    const beside = roomForNotes.matches && article.dataset.notes !== "end";
    root.classList.toggle("margin-notes", beside);
    if (!beside) return;
    const top = article.getBoundingClientRect().top;
    let free = 0;
    for (const note of document.querySelectorAll(".notes > ol > li")) {
      const call = document.getElementById(note.id.replace("n", "r"));
      if (!call) continue;
      const at = Math.max(call.getBoundingClientRect().top - top - 2, free);
      note.style.top = `${at}px`;
      free = at + note.offsetHeight + 8;
    }
  }

  function openContents() {
    if (contents) contents.open = roomForContents.matches;
  }

  /* A press on the number of a paragraph copies a citation of it; without this it is a link. */
  async function copyPlace(event) {
    const number = event.target.closest(".number");
    if (!number || !navigator.clipboard) return;
    const words = `${article.dataset.citation} ${number.dataset.place}. ${number.href}`;
    await navigator.clipboard.writeText(words);
    const status = document.querySelector(".copied");
    status.textContent = `${status.dataset.words}: ${words}`;
    setTimeout(() => { status.textContent = ""; }, 4000);
  }

  /* A press on the mark of a corrected passage shows the entry beside it. */
  const demand = document.getElementById("edition-demand");
  function showCorrection(event) {
    const mark = event.target.closest("a.mark");
    if (!mark || !demand || !demand.showPopover || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const copy = document.getElementById(mark.hash.slice(1)).cloneNode(true);
    for (const page of copy.querySelectorAll(".page")) page.remove();
    for (const element of copy.querySelectorAll("[id]")) element.removeAttribute("id");
    demand.firstElementChild.replaceChildren(...copy.childNodes);
    demand.showPopover();
    const at = mark.getBoundingClientRect();
    const below = at.bottom + 8;
    const above = at.top - 8 - demand.offsetHeight;
    const top = below + demand.offsetHeight > innerHeight && above > 0 ? above : below;
    const most = document.documentElement.clientWidth - demand.offsetWidth - 12;
    demand.style.top = `${top + scrollY}px`;
    demand.style.left = `${Math.max(12, Math.min(at.left - 20, most))}px`;
    demand.focus({ preventScroll: true });
  }

  /* Shows the corrections of one kind, or those that were made after the copy that is held. */
  const choice = document.querySelector(".choice");
  function choose() {
    const versions = choice.dataset.versions.split(" ");
    const held = choice.elements.held.value;
    const kind = choice.elements.kind.value;
    const entries = [...document.querySelectorAll(".correction[id]")];
    for (const entry of entries) {
      const made = versions.indexOf(entry.dataset.version);
      const isNew = !held || (held === "replaced" ? entry.dataset.replaced : made > versions.indexOf(held));
      entry.hidden = !isNew || (kind && !entry.dataset.kind.split(" ").includes(kind));
    }
    for (const group of document.querySelectorAll("#edition-corrections > section")) {
      group.hidden = !group.querySelector(".correction:not([hidden])");
    }
    choice.querySelector("[role=status]").textContent = choice.dataset.shown
      .replace("{shown}", entries.filter((entry) => !entry.hidden).length)
      .replace("{all}", entries.length);
  }

  /* A link to a correction that is not chosen shows all of them. */
  function showTarget() {
    const target = location.hash && document.getElementById(location.hash.slice(1));
    if (!target || !target.closest("[hidden]")) return;
    choice.reset();
    choose();
    target.scrollIntoView();
  }

  if (demand) demand.hidden = !demand.showPopover;
  if (choice) {
    choice.hidden = false;
    choice.addEventListener("change", choose);
    choice.addEventListener("submit", (event) => event.preventDefault());
    addEventListener("hashchange", showTarget);
  }
  article.addEventListener("click", showCorrection);
  article.addEventListener("click", copyPlace);
  openContents();
  placeNotes();
  roomForContents.addEventListener("change", openContents);
  new ResizeObserver(placeNotes).observe(article);
  document.fonts.ready.then(placeNotes);
})();
