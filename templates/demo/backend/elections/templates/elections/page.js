// The page: signing in, voting, and showing what the socket says.

const TOKEN = "election-token"
const one = (selector) => document.querySelector(selector)
const calm = matchMedia("(prefers-reduced-motion: reduce)")

let socket
let total = 0

function request(path, { body, token } = {}) {
  return fetch(path, {
    method: body === undefined ? "GET" : "POST",
    headers: {
      ...(body !== undefined && { "Content-Type": "application/json" }),
      ...(token !== undefined && { Authorization: `Bearer ${token}` }),
    },
    body: JSON.stringify(body),
  })
}

// The standing

function show(tally) {
  const most = Math.max(...tally.candidates.map((candidate) => candidate.votes))
  const leaders = tally.candidates.filter((candidate) => candidate.votes === most)
  for (const { id, votes } of tally.candidates) {
    const row = one(`[data-candidate="${id}"]`)
    if (row === null) continue
    const share = tally.total === 0 ? 0 : votes / tally.total
    const count = row.querySelector(".votes")
    const changed = count.textContent !== String(votes)
    count.textContent = votes
    row.querySelector(".share").textContent = `${Math.round(share * 100)} %`
    row.style.setProperty("--share", share)
    row.querySelector(".lead").hidden = leaders.length !== 1 || votes !== most
    if (changed && !calm.matches) {
      count.animate([{ transform: "translateY(-0.2em)", opacity: 0.4 }, {}], { duration: 350, easing: "ease-out" })
    }
  }
  total = tally.total
  one("#total").textContent = total
  one("#total-unit").textContent = total === 1 ? "vote" : "votes"
}

/** Two votes at once may be told in either order: the tally with more votes is the newer one. */
function showNewer(tally) {
  if (tally.total > total) show(tally)
}

// The status

function showState(state, { reason, seconds } = {}) {
  const texts = {
    "signed-out": "signed out",
    connecting: "connecting…",
    connected: "connected",
    disconnected: `disconnected — reconnecting in ${seconds} s`,
  }
  one("#status").dataset.state = state
  one("#status-text").textContent = texts[state]
  if (state === "disconnected") one("#reason").textContent = `${reason[0].toUpperCase()}${reason.slice(1)}.`
  if (state !== "connecting") {
    one("#trouble").hidden = state !== "disconnected"
    announce(state === "disconnected" ? `disconnected: ${reason}` : texts[state])
  }
}

/** For screen readers: once for each change, not for each second of a countdown or each attempt. */
function announce(text) {
  const announcement = one("#announcement")
  if (announcement.textContent !== text) announcement.textContent = text
}

// The session

function begin(token) {
  sessionStorage.setItem(TOKEN, token)
  one("#login-form").hidden = true
  one("#session").hidden = false
  for (const button of document.querySelectorAll("[data-vote]")) button.disabled = false
  socket = new LiveSocket(token, {
    state: showState,
    message(content) {
      if (content.type === "connection_success") show(content.tally)
      else if (content.type === "election_update" && content.tally) showNewer(content.tally)
    },
    expired: () => end("Your sign-in is no longer valid. Please sign in again."),
  })
}

function end(message = "") {
  sessionStorage.removeItem(TOKEN)
  socket?.close()
  socket = undefined
  one("#login-form").hidden = false
  one("#session").hidden = true
  for (const button of document.querySelectorAll("[data-vote]")) button.disabled = true
  one("#login-error").textContent = message
  one("#notice").textContent = ""
  showState("signed-out")
}

one("#login-form").addEventListener("submit", async (event) => {
  event.preventDefault()
  const form = event.currentTarget
  const error = one("#login-error")
  const button = form.querySelector("button")
  error.textContent = ""
  button.disabled = true
  try {
    const body = Object.fromEntries(new FormData(form))
    const response = await request("/api/auth/login/", { body })
    const answer = await response.json()
    if (response.ok) {
      begin(answer.access)
      one("#session h2").focus()
    } else {
      error.textContent = answer.detail
    }
  } catch {
    error.textContent = "The server does not answer."
  } finally {
    button.disabled = false
  }
})

one("#sign-out").addEventListener("click", () => {
  end()
  one("#username").focus()
})

one(".results").addEventListener("click", async ({ target }) => {
  const id = target.dataset.vote
  if (id === undefined) return
  const notice = one("#notice")
  // the vote may be seen by its broadcast before its answer is here
  notice.textContent = ""
  try {
    const token = sessionStorage.getItem(TOKEN)
    const response = await request("/api/vote/", { body: { candidate: Number(id) }, token })
    const answer = await response.json()
    if (response.ok) showNewer(answer)
    else notice.textContent = answer.detail
    if (response.status === 401) end("Your sign-in is no longer valid. Please sign in again.")
  } catch {
    notice.textContent = "Your vote did not arrive: the server does not answer."
  }
})

one("#try-now").addEventListener("click", () => socket?.retry())
addEventListener("online", () => socket?.retry())

show(JSON.parse(one("#tally").textContent))
const kept = sessionStorage.getItem(TOKEN)
if (kept !== null) begin(kept)
