// A page that a program serves asks it now and then what is new: the trainings under way are drawn
// as they go, ratemaps of the one that is shown, and of new results it says that they are there.
const S = globalThis.sicgrid;
let made = null;
const ask = async () => {
  let news;
  try {
    news = await (await fetch(`news?network=${encodeURIComponent(S.byId("history-network").value)}`)).json();
  } catch {
    S.byId("news").textContent = "The program that serves this page has ended.";
    return;
  }
  if (made === null) made = news.made;
  if (news.made !== made) S.byId("news").replaceChildren("There are new results. ", S.element("button", { type: "button", onclick: () => location.reload() }, "Show them"));
  for (const n of news.networks) {
    const known = S.network(n.name);
    Object.assign(known, { history: n.history, state: n.state, reason: n.reason, forming: n.forming || known.forming });
  }
  S.drawHistory();
  setTimeout(ask, 5000);
};
if (S.data.live) ask();
