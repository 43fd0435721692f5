/** An upload as the list of uploads has it, with its log. */
export interface Upload {
  readonly id: string;
  readonly product: string;
  readonly image: string;
  readonly status: string;
  readonly created: string;
  /** What its log says last: of a failure, why. */
  readonly said: string;
}

export interface Uploads {
  readonly count: number;
  readonly shown: readonly Upload[];
}

interface Data {
  readonly id: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly relationships?: { readonly events?: { readonly data: readonly { readonly id: string }[] } };
}

/** A page of `PUT /uploads_v2`, asked for with events. */
export interface Page {
  readonly data: readonly Data[];
  readonly included?: readonly { readonly id: string; readonly attributes: Readonly<Record<string, unknown>> }[];
  readonly meta?: { readonly count?: number };
}

/** Return the uploads of a page; a failure is explained by its last error, not by what came after it. */
export function uploadsOf(page: Page): Uploads {
  const events = new Map((page.included ?? []).map((each) => [each.id, each.attributes] as const));
  const shown = page.data.map(({ id, attributes, relationships }): Upload => {
    const log = (relationships?.events?.data ?? []).flatMap(({ id: event }) => {
      const found = events.get(event);
      return found === undefined ? [] : [found];
    });
    const errors = log.filter((each) => each["severity"] === "ERROR");
    const last = (attributes["status"] === "failure" ? errors : log).at(-1) ?? log.at(-1);
    return {
      id,
      product: text(attributes["product_id"]),
      image: text(attributes["image_id"]),
      status: text(attributes["status"]),
      created: text(attributes["created"]),
      said: text(last?.["message"]),
    };
  });
  return { count: page.meta?.count ?? shown.length, shown };
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

const STATES: Readonly<Record<string, string>> = {
  transferring: "files are coming in",
  pending: "waits to be processed",
  running: "is being processed",
  failure: "failed",
};

/** Return a status in words. */
export function stateInWords(status: string): string {
  return STATES[status] ?? status;
}
