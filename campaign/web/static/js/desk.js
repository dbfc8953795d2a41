// Quiet refreshing of open pages: none in a hidden tab, and where it fails the page says so and keeps what it shows.
(() => {
  "use strict";
  const asks = (event) => event.target instanceof Element && event.target.matches("[hx-trigger^=every]");
  const trouble = (there) => {
    for (const note of document.querySelectorAll("[data-trouble]")) note.hidden = !there;
  };
  document.addEventListener("htmx:before:request", (event) => {
    if (asks(event) && document.hidden) event.preventDefault();
  });
  document.addEventListener("htmx:before:response", (event) => {
    if (!asks(event)) return;
    const answer = event.detail.ctx.response;
    trouble(answer.status >= 300);
    const updated = answer.headers.get("Desk-Updated");
    if (updated) {
      for (const note of document.querySelectorAll("[data-updated]")) note.textContent = decodeURIComponent(updated);
    }
  });
  document.addEventListener("htmx:error", (event) => {
    if (asks(event)) trouble(true);
  });
})();

// A post that is being written is drawn and counted anew, as the form's own button does, whenever the writing rests.
(() => {
  "use strict";
  const where = document.querySelector("[data-counts]");
  if (!where) return;
  const form = where.form;
  const REST = 500;
  let waiting = 0;
  let asked = null;
  const ask = async () => {
    asked?.abort();
    asked = new AbortController();
    const fields = new URLSearchParams();
    for (const [name, value] of new FormData(form)) if (typeof value === "string") fields.append(name, value);
    const answer = await fetch(where.dataset.counts, { method: "POST", body: fields, signal: asked.signal });
    if (answer.status !== 200) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const id of ["counts", "drawn"]) {
      const [ours, theirs] = [document.getElementById(id), page.getElementById(id)];
      if (ours && theirs) ours.replaceChildren(...theirs.childNodes);
    }
    const [status, over] = [document.getElementById("status"), page.getElementById("over")?.textContent.trim() ?? ""];
    if (status.textContent !== over) status.textContent = over;
  };
  form.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => ask().catch(() => {}), REST);
  });
})();
