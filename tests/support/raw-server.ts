// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 The Serpent tools authors

/** A server that says over the wire exactly what a test wants, such as what no server should. */
import type { Socket } from "bun";

export interface RawRequest {
  readonly path: string;
  /** First byte asked for, 0 without a range. */
  readonly from: number;
  readonly headers: ReadonlyMap<string, string>;
  /** Number of the request among those of its path, from 0 up. */
  readonly count: number;
}

/**
 * What is sent, one after the other. "close" ends the connection, "close later" does so when what was sent has certainly
 * been read, "silence" leaves it open and says nothing more, "drip" sends one byte after the other, slowly and without end.
 */
export type RawAnswer = readonly (string | Uint8Array)[];

const LATER_MS = 60;
const DRIP_MS = 20;

export interface RawServer extends Disposable {
  readonly url: string;
  readonly requests: readonly RawRequest[];
  /** The most connections that were open at one time. */
  readonly most: number;
}

/** A 200 or 206 with the rest of a body from where the request begins. */
export function whole({ from }: RawRequest, body: Uint8Array, sent = body.byteLength - from): RawAnswer {
  const rest = body.subarray(from);
  const head =
    from === 0
      ? "HTTP/1.1 200 OK\r\n"
      : `HTTP/1.1 206 Partial Content\r\ncontent-range: bytes ${from}-${body.byteLength - 1}/${body.byteLength}\r\n`;
  return [
    `${head}content-length: ${rest.byteLength}\r\nconnection: close\r\n\r\n`,
    rest.subarray(0, sent),
    sent < rest.byteLength ? "close later" : "close",
  ];
}

/** An answer of a status, without a body. */
export function status(line: string, headers = ""): RawAnswer {
  return [`HTTP/1.1 ${line}\r\ncontent-length: 0\r\nconnection: close\r\n${headers}\r\n`, "close"];
}

/** Sends a byte now and then for as long as the client takes them. */
async function drip(socket: Socket<State>): Promise<void> {
  while (socket.write("x") > 0) await Bun.sleep(DRIP_MS);
}

interface State {
  text: string;
  queue: Uint8Array[];
  ending: "no" | "now" | "later";
}

function flush(socket: Socket<State>): void {
  const { data } = socket;
  for (let piece = data.queue[0]; piece !== undefined; piece = data.queue[0]) {
    const written = socket.write(piece);
    if (written < piece.byteLength) {
      data.queue[0] = piece.subarray(Math.max(0, written));
      return;
    }
    data.queue.shift();
  }
  if (data.ending === "now") socket.end();
  if (data.ending === "later") setTimeout(() => socket.end(), LATER_MS);
}

/** Starts it on a port of this machine. One request a connection. */
export function rawServer(answer: (request: RawRequest) => RawAnswer): RawServer {
  const requests: RawRequest[] = [];
  let open = 0;
  let most = 0;
  const server = Bun.listen<State>({
    hostname: "127.0.0.1",
    port: 0,
    socket: {
      open(socket) {
        socket.data = { text: "", queue: [], ending: "no" };
        open += 1;
        most = Math.max(most, open);
      },
      close() {
        open -= 1;
      },
      data(socket, bytes) {
        const { data } = socket;
        data.text += bytes.toString("latin1");
        if (!data.text.includes("\r\n\r\n")) return;
        const [first = "", ...lines] = data.text.split("\r\n");
        data.text = "";
        const headers = new Map(
          lines.flatMap((line) => {
            const at = line.indexOf(":");
            return at < 0 ? [] : [[line.slice(0, at).toLowerCase(), line.slice(at + 1).trim()] as const];
          }),
        );
        const path = first.split(" ")[1] ?? "";
        const from = Number(/^bytes=(\d+)-$/.exec(headers.get("range") ?? "")?.[1] ?? 0);
        const count = requests.filter((one) => one.path === path).length;
        const request = { path, from, headers, count };
        requests.push(request);
        let dripping = false;
        for (const piece of answer(request)) {
          if (piece === "close") data.ending = "now";
          else if (piece === "close later") data.ending = "later";
          else if (piece === "drip") dripping = true;
          else if (piece !== "silence") data.queue.push(typeof piece === "string" ? Buffer.from(piece) : piece);
        }
        flush(socket);
        if (dripping) void drip(socket);
      },
      drain: flush,
      error() {
        // The client went away, as tests of limits make it do.
      },
    },
  });
  return {
    url: `http://127.0.0.1:${server.port}`,
    requests,
    get most() {
      return most;
    },
    [Symbol.dispose]: () => server.stop(true),
  };
}
