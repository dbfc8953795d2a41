// Passkeys (Web Authentication, level 2): shows the forms that need them, and fills them by what the browser signs.
// A form says by data-passkey whether to "create" or "get", and by data-begin where its challenge is asked for.
"use strict";

(() => {
  const bytes = (text) =>
    Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (letter) => letter.charCodeAt(0));
  const text = (buffer) =>
    btoa(String.fromCharCode(...new Uint8Array(buffer)))
      .replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  const listed = (list) => (list || []).map((one) => ({ ...one, id: bytes(one.id) }));

  async function begin(form) {
    const answer = await fetch(form.dataset.begin, {
      method: "POST",
      body: new URLSearchParams(new FormData(form)),
      headers: { Accept: "application/json" },
    });
    const said = await answer.json();
    if (said.form) form.elements.form.value = said.form; // each is good once
    if (said.error) throw new Error(said.error);
    return said;
  }

  async function create(options) {
    const made = await navigator.credentials.create({
      publicKey: {
        ...options,
        challenge: bytes(options.challenge),
        user: { ...options.user, id: bytes(options.user.id) },
        excludeCredentials: listed(options.excludeCredentials),
      },
    });
    const { attestationObject, clientDataJSON } = made.response;
    const transports = made.response.getTransports ? made.response.getTransports() : [];
    return credential(made, {
      attestationObject: text(attestationObject),
      clientDataJSON: text(clientDataJSON),
      transports,
    });
  }

  async function get(options) {
    const made = await navigator.credentials.get({
      publicKey: {
        ...options,
        challenge: bytes(options.challenge),
        allowCredentials: listed(options.allowCredentials),
      },
    });
    const { authenticatorData, clientDataJSON, signature, userHandle } = made.response;
    return credential(made, {
      authenticatorData: text(authenticatorData),
      clientDataJSON: text(clientDataJSON),
      signature: text(signature),
      userHandle: userHandle ? text(userHandle) : null,
    });
  }

  const credential = (made, response) =>
    JSON.stringify({
      id: made.id,
      rawId: text(made.rawId),
      type: made.type,
      authenticatorAttachment: made.authenticatorAttachment,
      clientExtensionResults: {},
      response,
    });

  async function send(form) {
    const said = form.querySelector("[role=alert]");
    said.textContent = "";
    try {
      const begun = await begin(form);
      const signed = form.dataset.passkey === "create" ? await create(begun.options) : await get(begun.options);
      form.elements.credential.value = signed;
      form.elements.challenge.value = begun.challenge;
    } catch (error) {
      const known = error.constructor === Error;
      said.textContent = known ? error.message : form.dataset[error.name === "InvalidStateError" ? "there" : "failed"];
      return;
    }
    form.submit();
  }

  if (!window.PublicKeyCredential || !window.isSecureContext) return;
  for (const note of document.querySelectorAll("[data-passkey-note]")) note.hidden = true;
  for (const form of document.querySelectorAll("form[data-passkey]")) {
    form.hidden = false;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      send(form);
    });
  }
})();
