// Looks again every 20 seconds and shows what is new; without script the page reloads itself every minute.
(function () {
  "use strict";
  var live = document.getElementById("live");
  if (!live) { return; }
  function busy() {
    var at = document.activeElement;
    return document.hidden || (at && live.contains(at) && /^(INPUT|TEXTAREA|SELECT)$/.test(at.tagName)) ||
      live.querySelector(".touched");
  }
  function touched(event) {
    var part = event.target.closest(event.type === "click" ? "summary" : "form");
    if (part) { (event.type === "click" ? part.parentElement : part).classList.add("touched"); }
  }
  live.addEventListener("input", touched);
  live.addEventListener("click", touched);
  function look() {
    if (busy()) { return; }
    var url = new URL(window.location.href);
    url.hash = "";
    url.searchParams.set("mark", live.dataset.mark);
    fetch(url, { credentials: "same-origin", redirect: "error", headers: { "Lienthong-Automatic": "1" } }).then(function (answer) {
      return answer.status === 200 ? answer.text() : null;
    }).then(function (text) {
      var fresh = text && new DOMParser().parseFromString(text, "text/html").getElementById("live");
      if (!fresh || busy()) { return; }
      var link = document.activeElement && live.contains(document.activeElement) && document.activeElement.getAttribute("href");
      live.replaceChildren.apply(live, Array.from(fresh.childNodes));
      live.dataset.mark = fresh.dataset.mark;
      if (link) { var again = live.querySelector('a[href="' + CSS.escape(link) + '"]'); if (again) { again.focus(); } }
    }).catch(function () { /* the line is away: what is shown stays */ });
  }
  window.setInterval(look, 20000);
})();
