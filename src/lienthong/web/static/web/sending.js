// Saves each field of the transfer form as soon as it was entered. What could not be saved stays in this page's memory
// and is tried again; nothing of a patient is written into the browser's storage.
"use strict";

(() => {
  const form = document.getElementById("sending");
  if (!form || !form.dataset.url) return;
  const told = document.getElementById("saved");
  const count = document.getElementById("count");
  const waiting = new Set(); // names of fields that still have to be saved
  let busy = false;
  let leaving = false;

  const box = (name) => document.getElementById(`f-${name}`);
  const inputs = (name) => box(name).querySelectorAll("input[name], select[name], textarea[name]");

  function body(name, act) {
    const data = new URLSearchParams();
    data.append("csrfmiddlewaretoken", form.elements.csrfmiddlewaretoken.value);
    data.append("field", name);
    data.append("do", act);
    for (const input of inputs(name)) {
      if (["radio", "checkbox"].includes(input.type) && !input.checked) continue;
      data.append(input.name, input.value);
    }
    return data;
  }

  function show(words, bad) {
    told.textContent = words;
    told.classList.toggle("unsaved", Boolean(bad));
  }

  function take(name, answer) {
    const held = document.activeElement;
    if (answer.field) {
      const before = box(name);
      const inside = before.contains(held);
      before.outerHTML = answer.field;
      if (inside) box(name).focus();
    } else {
      const was = form.elements[`was.${name}`];
      was.value = answer.was;
      form.elements[`seen.${name}`].value = answer.version;
      box(name).classList.toggle("gap", answer.missing);
      box(name).classList.remove("wrong");
      const came = box(name).querySelector(".came");
      if (came) came.remove();
    }
    const meter = document.getElementById("meter");
    meter.outerHTML = answer.meter;
    count.textContent = document.getElementById("meter").dataset.count;
  }

  async function send(name, act) {
    const posted = body(name, act);
    // What was typed last is saved even when the page is left at once; browsers take at most 64 KB in this way.
    const keepalive = String(posted).length < 60000;
    const answer = await fetch(form.dataset.url, { method: "POST", body: posted, redirect: "manual", keepalive });
    if (answer.type === "opaqueredirect" || answer.status === 403) return "out";
    if (![200, 400, 409].includes(answer.status)) return "cut";
    const told = await answer.json();
    const typedOn = act === "save" && String(posted) !== String(body(name, act)) && !told.field;
    take(name, told);
    if (typedOn) waiting.add(name);
    show(`${form.dataset.saved} ${told.saved}`, answer.status !== 200);
    return "kept";
  }

  async function work() {
    if (busy || waiting.size === 0) return;
    busy = true;
    const name = waiting.values().next().value;
    waiting.delete(name);
    let end = "cut";
    try {
      show(form.dataset.saving);
      end = await send(name, "save");
    } catch {
      end = "cut";
    }
    busy = false;
    if (end === "kept") {
      work();
    } else {
      waiting.add(name);
      show(end === "out" ? form.dataset.out : form.dataset.cut, true);
    }
  }

  const nameOf = (element) => element.closest("[data-field]")?.dataset.field;

  form.addEventListener("change", (event) => {
    const name = nameOf(event.target);
    if (name) {
      waiting.add(name);
      work();
    }
  });

  form.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-field] button[name=do]");
    if (!button) return;
    event.preventDefault();
    const [act, name] = button.value.split(".");
    if (act === "mine") {
      waiting.add(name);
      work();
      return;
    }
    waiting.delete(name);
    try {
      const end = await send(name, act);
      if (end !== "kept") show(end === "out" ? form.dataset.out : form.dataset.cut, true);
    } catch {
      show(form.dataset.cut, true);
    }
  });

  form.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && event.target.matches("input:not([type=checkbox])")) {
      event.preventDefault();
      const name = nameOf(event.target);
      if (name) {
        waiting.add(name);
        work();
      }
    }
  });

  form.addEventListener("submit", () => {
    leaving = true;
  });

  window.addEventListener("beforeunload", (event) => {
    if (!leaving && waiting.size > 0) event.preventDefault();
  });
  window.addEventListener("online", work);
  setInterval(work, 5000);

  function open() {
    const target = location.hash.startsWith("#f-") && document.getElementById(location.hash.slice(1));
    if (!target) return;
    target.closest("details").open = true;
    target.scrollIntoView();
    const first = target.querySelector("input:not([type=hidden]), select, textarea");
    if (first) first.focus({ preventScroll: true });
  }
  window.addEventListener("hashchange", open);
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[href^='#f-']");
    if (link && link.hash === location.hash) open();
  });
  open();
})();
