import { batch, computed, type Signal, signal } from "@preact/signals";

/** `asked`: nothing is sent before somebody says what is asked for. */
export type State = "asked" | "waiting" | "sending" | "taken" | "done" | "failed" | "there";

/** An image on its way: its files, how far they are, and why not further. */
export interface Row {
  readonly key: number;
  readonly product: string;
  readonly name: string;
  readonly files: readonly File[];
  readonly size: number;
  readonly acquired: Signal<string | null>;
  readonly state: Signal<State>;
  readonly sent: Signal<number>;
  /** What happens, or why it failed, in words. */
  readonly words: Signal<string>;
  /** Whether no other attempt can help: it is the file. */
  readonly hopeless: boolean;
  /** Whether it failed because the connection broke. */
  cut: boolean;
  upload: string | null;
  /** Whether `upload` is another one of the same image, which is waited for. */
  other: boolean;
  replaces: boolean;
  /** Files and parts that arrived, as `file/part`. */
  readonly arrived: Map<string, number>;
  /** Ends what is being sent of it. */
  giveUp: AbortController;
}

/** An upload as the API declares it. */
export interface Declared {
  readonly id: string;
  readonly status: string;
  readonly urls: readonly string[];
  readonly parts: Readonly<Record<string, readonly string[]>>;
  readonly partBytes: number;
}

/** What has begun of an image: an upload that takes just these files, and another that is being worked on. */
export interface Begun {
  readonly own: Declared | null;
  readonly other: string | null;
}

/** How an upload stands; `message` is why it failed. */
export interface Standing {
  readonly status: string;
  readonly message: string;
}

/** What the queue asks of the API and of the bucket. */
export interface Service {
  exists(image: string): Promise<boolean>;
  begun(row: Row): Promise<Begun>;
  declare(row: Row): Promise<Declared>;
  look(id: string): Promise<Declared>;
  put(url: string, content: Blob, progress: (bytes: number) => void, giveUp: AbortSignal): Promise<void>;
  submit(id: string): Promise<void>;
  cancel(id: string): Promise<void>;
  standings(rows: readonly Row[]): Promise<ReadonlyMap<string, Standing>>;
}

/** What a bucket answered to a PUT; status 0 is a connection that broke. */
export class PutError extends Error {
  constructor(readonly status: number) {
    super(status === 0 ? "The connection broke." : `The bucket answered ${status}.`);
  }
}

/** The connection broke, and did not come back while it was tried. */
export class Cut extends Error {}

/** Somebody has to sign in before it goes on. */
export class SignedOut extends Error {}

const AT_ONCE = 4;
const ATTEMPTS = 6;
const EXPIRED = new Set([400, 403]);
const PASSING = new Set([0, 408, 429, 500, 502, 503, 504]);
const LONGEST_PAUSE = 5_000;

/** Sends images a few at a time, and follows what becomes of them. */
export class Queue {
  readonly rows = signal<readonly Row[]>([]);
  readonly paused = signal(false);
  /** Why nothing is sent, where that is not what somebody asked for. */
  readonly halted = signal<string | null>(null);
  readonly open = computed(() => this.rows.value.filter((row) => isOpen(row.state.value)).length);
  private running = 0;
  private watching = false;
  private next = 0;

  constructor(
    private readonly service: Service,
    private readonly wait: (ms: number) => Promise<void> = (ms) => new Promise((go) => setTimeout(go, ms)),
    private readonly onDone: (row: Row) => void = () => undefined,
  ) {}

  /** Take an image up. With a fault it has failed already; with a question it waits for `again`. Nothing of either is sent. */
  add(row: Pick<Row, "product" | "name" | "files"> & { acquired: string | null; fault?: string; question?: string }): Row {
    const begun = row.question === undefined ? "waiting" : "asked";
    const made: Row = {
      key: (this.next += 1),
      product: row.product,
      name: row.name,
      files: row.files,
      size: row.files.reduce((all, file) => all + file.size, 0),
      acquired: signal(row.acquired),
      state: signal<State>(row.fault === undefined ? begun : "failed"),
      sent: signal(0),
      words: signal(row.fault ?? row.question ?? "waits"),
      hopeless: row.fault !== undefined,
      cut: false,
      upload: null,
      other: false,
      replaces: false,
      arrived: new Map(),
      giveUp: new AbortController(),
    };
    this.rows.value = [...this.rows.peek(), made];
    return made;
  }

  /** Send whatever waits. */
  start(): void {
    while (!this.paused.peek() && this.halted.peek() === null && this.running < AT_ONCE) {
      const row = this.rows.peek().find((each) => each.state.peek() === "waiting");
      if (row === undefined) {
        return;
      }
      row.state.value = "sending";
      this.running += 1;
      void this.send(row).finally(() => {
        this.running -= 1;
        this.start();
      });
    }
  }

  /** Stop sending; what has arrived stays. */
  pause(): void {
    this.paused.value = true;
    this.rows.peek().forEach((row) => row.giveUp.abort());
  }

  resume(): void {
    batch(() => {
      this.paused.value = false;
      this.halted.value = null;
    });
    this.start();
    void this.watch();
  }

  /** Try an image again; `replaces` one of the same name that is there. */
  again(row: Row, replaces = row.replaces): void {
    row.replaces = replaces;
    batch(() => {
      row.state.value = "waiting";
      row.words.value = "waits";
    });
    this.start();
  }

  /** Try those again whose connection broke. */
  reconnect(): void {
    this.rows.peek().filter((row) => row.cut && row.state.peek() === "failed").forEach((row) => this.again(row));
  }

  /** Take an image off the list, and cancel its upload if it has one. */
  remove(row: Row): void {
    this.rows.value = this.rows.peek().filter((each) => each !== row);
    if (row.upload !== null && !row.other && isOpen(row.state.peek())) {
      this.service.cancel(row.upload).catch(() => undefined); // it has gone too far, or is not ours any more
    }
    row.giveUp.abort();
    row.state.value = "failed";
  }

  /** Take everything off the list that has ended. */
  clear(): void {
    this.rows.value = this.rows.peek().filter((row) => !hasEnded(row.state.peek()));
  }

  /** Take everything off the list and stop sending it; uploads that were begun are left as they are. */
  forget(): void {
    const all = this.rows.peek();
    batch(() => {
      this.rows.value = [];
      this.paused.value = false;
      this.halted.value = null;
    });
    all.forEach((row) => row.giveUp.abort());
  }

  private async send(row: Row): Promise<void> {
    row.giveUp = new AbortController();
    const { signal: giveUp } = row.giveUp;
    try {
      await this.transfer(row, giveUp);
    } catch (error) {
      this.stopped(row, error, giveUp.aborted);
    }
  }

  private stopped(row: Row, error: unknown, gaveUp: boolean): void {
    const removed = !this.rows.peek().includes(row);
    if (gaveUp && !removed) {
      this.back(row, "paused");
    } else if (error instanceof SignedOut && !removed) {
      this.back(row, "waits until you are signed in");
      this.halted.value = error.message;
    } else {
      row.cut = error instanceof Cut;
      fail(row, error instanceof Error ? error.message : String(error));
    }
  }

  private back(row: Row, words: string): void {
    batch(() => {
      row.state.value = "waiting";
      row.words.value = words;
      row.sent.value = [...row.arrived.values()].reduce((all, bytes) => all + bytes, 0);
    });
  }

  private async transfer(row: Row, giveUp: AbortSignal): Promise<void> {
    const image = `${row.product}:${row.name}`;
    if (row.upload === null && !row.replaces && (await this.service.exists(image))) {
      isThere(row);
      return;
    }
    const declared = await this.declared(row, giveUp);
    if (typeof declared === "string") {
      this.follow(row, declared, "another upload of this image is under way: it is waited for");
      return;
    }
    row.upload = declared.id;
    if (declared.status === "transferring") {
      row.words.value = "is sent";
      await this.sendAll(row, declared, giveUp);
      giveUp.throwIfAborted();
      await this.service.submit(declared.id);
    }
    this.follow(row, null, "has arrived and is looked through");
  }

  /** Wait for the end of a row's own upload, or of another one of the same image. */
  private follow(row: Row, other: string | null, words: string): void {
    if (this.rows.peek().includes(row)) {
      row.other = other !== null;
      row.upload = other ?? row.upload;
      batch(() => {
        row.state.value = "taken";
        row.words.value = words;
      });
      void this.watch();
    }
  }

  /** Return the upload that a row's files are sent to, or the id of another one that must end before. */
  private async declared(row: Row, giveUp: AbortSignal): Promise<Declared | string> {
    giveUp.throwIfAborted();
    if (row.upload !== null) {
      const found = await this.service.look(row.upload);
      if (found.status !== "failure" && found.status !== "canceled") {
        return found;
      }
      row.arrived.clear();
    }
    const { own, other } = await this.service.begun(row);
    giveUp.throwIfAborted();
    return other ?? own ?? this.service.declare(row);
  }

  private async sendAll(row: Row, declared: Declared, giveUp: AbortSignal): Promise<void> {
    for (const [index, file] of row.files.entries()) {
      const parts = declared.parts[String(index)];
      const count = parts?.length ?? 1;
      for (let part = 0; part < count; part += 1) {
        const piece = parts === undefined ? file : file.slice(part * declared.partBytes, (part + 1) * declared.partBytes);
        await this.sendPiece(row, { declared, index, part }, piece, giveUp);
      }
    }
  }

  private async sendPiece(
    row: Row,
    { declared, index, part }: { declared: Declared; index: number; part: number },
    piece: Blob,
    giveUp: AbortSignal,
  ): Promise<void> {
    const key = `${index}/${part}`;
    if (row.arrived.has(key)) {
      return;
    }
    const before = [...row.arrived.values()].reduce((all, bytes) => all + bytes, 0);
    let now = declared;
    for (let attempt = 1; ; attempt += 1) {
      try {
        const url = now.parts[String(index)]?.[part] ?? now.urls[index];
        if (url === undefined) {
          throw new Error("The catalog takes no more files for this upload.");
        }
        await this.service.put(url, piece, (bytes) => (row.sent.value = before + bytes), giveUp);
        row.arrived.set(key, piece.size);
        row.sent.value = before + piece.size;
        return;
      } catch (error) {
        const status = error instanceof PutError ? error.status : null;
        if (giveUp.aborted || status === null || attempt >= ATTEMPTS || !(EXPIRED.has(status) || PASSING.has(status))) {
          throw error instanceof PutError ? ended(error) : error;
        }
        row.sent.value = before;
        if (EXPIRED.has(status)) {
          now = await this.service.look(declared.id); // the URL, or the session behind it, has expired
        } else {
          row.words.value = "the connection broke: it is tried again";
          await this.wait(Math.min(500 * 2 ** attempt, LONGEST_PAUSE));
          row.words.value = "is sent";
        }
      }
    }
  }

  /** Look at what has arrived until all of it has ended. */
  private async watch(): Promise<void> {
    if (this.watching) {
      return;
    }
    this.watching = true;
    try {
      for (let pause = 500; this.halted.peek() === null; pause = Math.min(pause * 1.4, LONGEST_PAUSE)) {
        const taken = this.rows.peek().filter((row) => row.state.peek() === "taken");
        if (taken.length === 0) {
          return;
        }
        await this.wait(pause);
        await this.lookAt(taken);
      }
    } finally {
      this.watching = false;
    }
  }

  private async lookAt(taken: readonly Row[]): Promise<void> {
    try {
      const found = await this.service.standings(taken);
      taken.forEach((row) => this.settle(row, found.get(row.upload ?? "")));
    } catch (error) {
      if (error instanceof SignedOut) {
        this.halted.value = error.message;
      } // anything else passes: it is looked at again
    }
  }

  private settle(row: Row, standing: Standing | undefined): void {
    if (standing === undefined || row.state.peek() !== "taken" || !this.rows.peek().includes(row)) {
      return;
    }
    const hasFailed = standing.status === "failure" || standing.status === "canceled";
    if (row.other && (hasFailed || standing.status === "success")) {
      row.other = false;
      row.upload = null;
      if (hasFailed || row.replaces) {
        this.again(row);
      } else {
        isThere(row);
      }
    } else if (standing.status === "success") {
      batch(() => {
        row.state.value = "done";
        row.words.value = "is in the catalog";
      });
      this.onDone(row);
    } else if (hasFailed) {
      fail(row, standing.message || (standing.status === "canceled" ? "It was canceled." : "It failed, and the log does not say why."));
      row.upload = null;
      row.arrived.clear();
    }
  }
}

function isOpen(state: State): boolean {
  return state === "waiting" || state === "sending" || state === "taken";
}

/** Whether nothing more comes of an image by itself, or by an answer that it waits for. */
export function hasEnded(state: State): boolean {
  return !isOpen(state) && state !== "asked";
}

/** Whether an image that failed, or that waits for its time, can be sent now. */
export function mayTry(row: Row): boolean {
  return row.state.value === "asked" ? row.acquired.value !== null : !row.hopeless;
}

function isThere(row: Row): void {
  batch(() => {
    row.state.value = "there";
    row.words.value = `There is an image ${row.name} already.`;
  });
}

function fail(row: Row, words: string): void {
  batch(() => {
    row.state.value = "failed";
    row.words.value = words;
    row.sent.value = 0;
  });
}

function ended({ status }: PutError): Error {
  return status === 0
    ? new Cut("The connection broke again and again. Look at the network, then try again: what has arrived stays.")
    : new Error(`The bucket refused the file (status ${status}). Try again; if it stays so, tell who runs this catalog.`);
}
