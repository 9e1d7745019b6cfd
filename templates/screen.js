/* Where there is room, sets each note beside its call; without this script they stand at the end. */
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

  article.addEventListener("click", copyPlace);
  openContents();
  placeNotes();
  roomForContents.addEventListener("change", openContents);
  new ResizeObserver(placeNotes).observe(article);
  document.fonts.ready.then(placeNotes);
})();
