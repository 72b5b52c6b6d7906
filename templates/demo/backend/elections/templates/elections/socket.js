// The live connection: it comes back by itself, and it knows why it was lost.

const PING_EVERY = 25_000
const PONG_WITHIN = 10_000
const LONGEST_WAIT = 8_000

class LiveSocket {
  #token
  #on
  #socket
  #failures = 0
  #timers = new Set()
  #pong
  #closed = false

  /** `on` has three functions: state(name, detail), message(content) and expired(). */
  constructor(token, on) {
    this.#token = token
    this.#on = on
    this.#connect()
  }

  /** Tries again now rather than when the countdown ends. */
  retry() {
    if (this.#closed || this.#socket !== undefined || this.#timers.size === 0) return
    this.#clearTimers()
    this.#connect()
  }

  close() {
    this.#closed = true
    this.#clearTimers()
    this.#socket?.close()
  }

  // A browser writes the URL of a WebSocket that fails into its console, token
  // and all. So the token is shown to the server over HTTP first, which also
  // tells a server that is down from a token that has expired.
  async #connect() {
    this.#on.state("connecting")
    const problem = await this.#problem()
    if (this.#closed) return
    if (problem === "expired") this.#on.expired()
    else if (problem !== undefined) this.#wait(problem)
    else this.#open()
  }

  async #problem() {
    try {
      const response = await fetch("/api/auth/me/", {
        headers: { Authorization: `Bearer ${this.#token}` },
        signal: AbortSignal.timeout(PONG_WITHIN),
      })
      if (response.status === 401) return "expired"
      return response.ok ? undefined : `the server answered with an error (${response.status})`
    } catch {
      return "the server does not answer"
    }
  }

  #open() {
    const url = new URL("/ws/election-updates/", location.href)
    url.protocol = location.protocol === "https:" ? "wss:" : "ws:"
    url.searchParams.set("token", this.#token)
    const socket = new WebSocket(url)
    let opened = false
    this.#socket = socket

    socket.addEventListener("message", (event) => {
      if (this.#closed || this.#socket !== socket) return
      const content = JSON.parse(event.data)
      if (content.type === "connection_success") {
        opened = true
        this.#failures = 0
        this.#on.state("connected")
        this.#ping()
      } else if (content.type === "pong") {
        this.#clear(this.#pong)
      }
      this.#on.message(content)
    })

    socket.addEventListener("close", () => this.#lost(socket, opened))
  }

  #lost(socket, opened) {
    if (this.#closed || this.#socket !== socket) return
    this.#socket = undefined
    this.#clearTimers()
    this.#wait(opened ? "the connection was lost" : "the server answers, but refuses the WebSocket")
  }

  /** A connection can die without a word: a ping without a pong shows it. */
  #ping() {
    this.#after(PING_EVERY, () => {
      const socket = this.#socket
      socket.send(JSON.stringify({ type: "ping" }))
      this.#pong = this.#after(PONG_WITHIN, () => {
        socket.close()
        this.#lost(socket, true)
      })
      this.#ping()
    })
  }

  #wait(reason) {
    const until = Date.now() + Math.min(1000 * 2 ** this.#failures, LONGEST_WAIT)
    this.#failures += 1
    const tick = () => {
      const left = until - Date.now()
      if (left <= 0) {
        this.#connect()
        return
      }
      this.#on.state("disconnected", { reason, seconds: Math.ceil(left / 1000) })
      this.#after(Math.min(left, 1000), tick)
    }
    tick()
  }

  #after(milliseconds, action) {
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      action()
    }, milliseconds)
    this.#timers.add(timer)
    return timer
  }

  #clear(timer) {
    clearTimeout(timer)
    this.#timers.delete(timer)
  }

  #clearTimers() {
    for (const timer of this.#timers) clearTimeout(timer)
    this.#timers.clear()
  }
}
