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
